#include "rankmesh/topology/modules.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace rankmesh {
namespace {

/// The ranks of a module, from `first` to `last`.
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

/// Reports each pair of windows with ranks in common, in ascending order of rank.
void check_overlaps(const std::vector<Window>& windows, std::vector<Diagnostic>& diagnostics) {
  for (auto window = windows.begin(); window != windows.end(); ++window) {
    for (auto before = windows.begin(); before != window; ++before) {
      if (before->last < window->first) continue;
      const std::int64_t last = std::min(window->last, before->last);
      diagnostics.push_back({name_of(window->module),
                             ranks_text(window->first, window->last),
                             "overlaps " + name_of(before->module) + " in " + ranks_text(window->first, last),
                             {}});
    }
  }
}

/// Reports the ranks of the job before, between and after the windows.
void check_gaps(const std::vector<Window>& windows, std::int64_t job_size,
                std::vector<Diagnostic>& diagnostics) {
  std::int64_t next = 0;
  const auto report_up_to = [&](std::int64_t end) {
    if (next < end) {
      diagnostics.push_back({"job", "", "has " + ranks_text(next, end - 1) + " in no module", {}});
    }
  };
  for (const Window& window : windows) {
    report_up_to(window.first);
    next = std::max(next, window.last + 1);
  }
  report_up_to(job_size);
}

/// The `job_size` of the first module that has one.
std::optional<std::int64_t> given_size(std::span<const ParallelConfig> modules) {
  for (const ParallelConfig& module : modules) {
    if (module.job_size) return module.job_size;
  }
  return std::nullopt;
}

/// The rules that a module breaks, by itself or because the job has no room for it.
std::vector<std::string> rules_broken_by(ParallelConfig config, std::optional<std::int64_t> job_size) {
  std::vector<std::string> rules;
  if (job_size && config.job_size.value_or(*job_size) != *job_size) {
    rules.push_back("is part of a job of " + std::to_string(*config.job_size) + ", not of " +
                    std::to_string(*job_size));
  }
  const bool has_place =
      config.convention == Convention::megatron_core || config.convention == Convention::mesh;
  if (has_place && !config.job_size) config.job_size = job_size;
  for (Diagnostic& diagnostic : check(config)) {
    // Another place may be that of another module.
    const std::array places{"world_size", "rank_offset", "job_size"};
    if (std::find(places.begin(), places.end(), diagnostic.field) != places.end()) diagnostic.nearest.clear();
    rules.push_back("is wrong: " + diagnostic.message());
  }
  if (!has_place && job_size && config.world_size > *job_size) {
    rules.push_back("is wrong: world_size = " + std::to_string(config.world_size) +
                    " is more than the job has, " + std::to_string(*job_size));
  }
  return rules;
}

}  // namespace

std::vector<Diagnostic> check_modules(std::span<const ParallelConfig> modules,
                                      std::optional<std::int64_t> job_size) {
  if (modules.empty()) return {{"modules", "", "are missing", {}}};
  if (job_size && *job_size < 1) return {{"job", std::to_string(*job_size), "is below 1 rank", {}}};
  if (!job_size) job_size = given_size(modules);

  std::vector<Diagnostic> diagnostics;
  std::vector<Window> windows;
  std::int64_t end = 0;
  for (std::size_t i = 0; i < modules.size(); ++i) {
    std::vector<std::string> rules = rules_broken_by(modules[i], job_size);
    for (std::string& rule : rules) diagnostics.push_back({name_of(i), "", std::move(rule), {}});
    if (!rules.empty()) continue;
    const std::int64_t first = modules[i].rank_offset;
    windows.push_back({i, first, first + modules[i].world_size - 1});
    end = std::max(end, first + modules[i].world_size);
  }
  // Gaps are known only if every module has a valid place.
  if (!diagnostics.empty()) return diagnostics;
  std::stable_sort(windows.begin(), windows.end(),
                   [](const Window& a, const Window& b) { return a.first < b.first; });
  check_overlaps(windows, diagnostics);
  check_gaps(windows, job_size.value_or(end), diagnostics);
  return diagnostics;
}

}  // namespace rankmesh
