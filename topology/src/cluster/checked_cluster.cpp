#include "cluster/checked_cluster.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string_view>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

constexpr std::int64_t most_slots = std::numeric_limits<int>::max();

bool is_level_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

void check_level_name(std::string_view name, std::set<std::string_view>& seen, Diagnostics& diagnostics) {
  if (!is_level_name(name)) {
    diagnostics.add("level", "\"" + std::string(name) + "\"",
                    "is not the name of a level: letters, digits, - and _ are allowed");
  } else if (!seen.insert(name).second) {
    diagnostics.add("level", std::string(name), "is named twice");
  }
}

/// The domains of an inner level must each lie in one domain of the level outside it.
void check_nesting(const std::vector<std::string>& levels, const std::vector<ClusterHost>& hosts,
                   Diagnostics& diagnostics) {
  for (std::size_t i = 1; i < levels.size(); ++i) {
    std::map<std::string_view, std::string_view> outside;
    for (const ClusterHost& host : hosts) {
      if (host.domains.size() != levels.size()) continue;
      const auto found = outside.try_emplace(host.domains[i], host.domains[i - 1]).first;
      if (found->second != host.domains[i - 1]) {
        diagnostics.add(levels[i], host.domains[i],
                        "lies in two domains of the level " + levels[i - 1] + ", " +
                            std::string(found->second) + " and " + host.domains[i - 1] +
                            ": give the two parts different names");
      }
    }
  }
}

}  // namespace

void require_levels(const std::vector<Axis>& levels) {
  Diagnostics diagnostics;
  std::set<std::string_view> seen;
  std::int64_t slots = 1;
  if (levels.size() < 2) {
    diagnostics.add("cluster", joined(levels, " ", &Axis::name),
                    "has fewer than two levels: give the hosts and their slots, for example node:4 gpu:8");
  }
  for (const Axis& level : levels) {
    check_level_name(level.name, seen, diagnostics);
    if (level.size < 1) {
      diagnostics.add(level.name, level.size, "is below 1", {1});
    } else if (level.size > most_slots / slots) {
      diagnostics.add(level.name, level.size, "makes the cluster larger than 2147483647 slots",
                      {most_slots / slots});
    } else {
      slots *= level.size;
    }
  }
  if (!diagnostics.empty()) throw ConfigError(diagnostics.take());
}

void require_hosts(const std::vector<std::string>& levels, const std::vector<ClusterHost>& hosts) {
  Diagnostics diagnostics;
  std::set<std::string_view> seen{"node", "gpu"};
  for (const std::string& level : levels) check_level_name(level, seen, diagnostics);
  std::set<std::string_view> names;
  std::int64_t slots = 0;
  for (const ClusterHost& host : hosts) {
    const std::string shown = host.name.empty() ? "\"\"" : host.name;
    if (host.name.empty()) diagnostics.add("host", shown, "has no name");
    if (!names.insert(host.name).second) diagnostics.add("host", shown, "is named twice");
    if (host.slots < 1) diagnostics.add("host", shown, "has no slots: give it at least 1");
    if (host.domains.size() != levels.size()) {
      diagnostics.add(
          "host", shown,
          "has " + counted(host.domains.size(), "domain") + " for " + counted(levels.size(), "level"));
    }
    slots += std::max(host.slots, 0);
  }
  check_nesting(levels, hosts, diagnostics);
  if (hosts.empty()) diagnostics.add("cluster", "", "has no hosts");
  if (slots > most_slots) {
    diagnostics.add("cluster", std::to_string(slots), "is more than 2147483647 slots");
  }
  if (!diagnostics.empty()) throw ConfigError(diagnostics.take());
}

}  // namespace rankmesh
