#include "rankmesh/topology/modules.hpp"

#include <algorithm>
#include <limits>
#include <string>

namespace rankmesh {
namespace {

/// The ranks that a module takes, both ends included.
struct Window {
  std::size_t module;
  std::int64_t first;
  std::int64_t last;
};

std::string ranks_text(std::int64_t first, std::int64_t last) {
  return first == last ? "rank " + std::to_string(first)
                       : "ranks " + std::to_string(first) + " .. " + std::to_string(last);
}

std::string name_of(std::size_t module) {
  return "module " + std::to_string(module);
}

/// Overlaps and gaps of windows in the order of their first ranks.
void check_windows(std::vector<Window> windows, std::int64_t job_size, std::vector<Violation>& violations) {
  std::stable_sort(windows.begin(), windows.end(),
                   [](const Window& a, const Window& b) { return a.first < b.first; });
  std::int64_t next = 0;
  const Window* furthest = nullptr;
  const auto report_gap = [&](std::int64_t last) {
    violations.push_back({"job", "", "has " + ranks_text(next, last) + " in no module", {}});
  };
  for (const Window& window : windows) {
    if (furthest != nullptr && window.first <= furthest->last) {
      const std::int64_t last = std::min(window.last, furthest->last);
      violations.push_back({name_of(window.module),
                            ranks_text(window.first, window.last),
                            "overlaps " + name_of(furthest->module) + " in " + ranks_text(window.first, last),
                            {}});
    }
    if (window.first > next) report_gap(window.first - 1);
    if (furthest == nullptr || window.last > furthest->last) furthest = &window;
    next = std::max(next, window.last + 1);
  }
  if (next < job_size) report_gap(job_size - 1);
}

}  // namespace

std::vector<Violation> check_modules(std::span<const ParallelConfig> modules,
                                     std::optional<std::int64_t> job_size) {
  std::vector<Violation> violations;
  std::vector<Window> windows;
  std::int64_t end = 0;
  for (std::size_t i = 0; i < modules.size(); ++i) {
    ParallelConfig config = modules[i];
    const bool has_place =
        config.convention == Convention::megatron_core || config.convention == Convention::mesh;
    if (has_place && !config.job_size && job_size) config.job_size = job_size;
    const std::vector<Violation> found = check(config);
    for (const Violation& violation : found) {
      violations.push_back({name_of(i), "", "is wrong: " + violation.message(), {}});
    }
    if (!found.empty()) continue;
    if (job_size && config.job_size.value_or(*job_size) != *job_size) {
      violations.push_back({name_of(i),
                            "",
                            "is part of a job of " + std::to_string(*config.job_size) + ", not of " +
                                std::to_string(*job_size),
                            {}});
    }
    windows.push_back({i, config.rank_offset, config.rank_offset + config.world_size - 1});
    end = std::max(end, config.rank_offset + config.world_size);
  }
  if (modules.empty()) violations.push_back({"modules", "", "are missing", {}});
  // Whether ranks are left over is known only where every module has its place.
  if (windows.size() == modules.size()) check_windows(windows, job_size.value_or(end), violations);
  return violations;
}

}  // namespace rankmesh
