#include "rankmesh/topology/cluster.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "cluster/checked_cluster.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {

Cluster::Cluster(std::vector<Axis> levels) {
  require_levels(levels);
  std::int64_t domains = 1;
  for (Axis& level : levels) {
    domains *= level.size;
    levels_.push_back({.name = std::move(level.name), .domains = static_cast<int>(domains)});
  }
  slots_ = static_cast<int>(domains);
  for (Level& level : levels_) level.size = slots_ / level.domains;
  const auto named = find_level("node").has_value() ? find_level("node") : find_level("host");
  host_level_ = named.value_or(levels_.size() - 2);
  // Hosts of one slot each are possible, but the innermost level is that of the slots.
  if (host_level_ + 1 == levels_.size()) host_level_ = levels_.size() - 2;
}

Cluster::Cluster(std::vector<std::string> levels, std::vector<ClusterHost> hosts) : has_names_(true) {
  require_hosts(levels, hosts);
  host_level_ = levels.size();
  for (std::size_t i = 0; i < levels.size(); ++i) {
    Level level{.name = std::move(levels[i])};
    std::map<std::string_view, int> numbers;
    for (const ClusterHost& host : hosts) {
      const auto [number, is_new] =
          numbers.try_emplace(host.domains[i], static_cast<int>(level.domain_names.size()));
      if (is_new) level.domain_names.push_back(host.domains[i]);
      level.domain_of_host.push_back(number->second);
    }
    level.domains = static_cast<int>(level.domain_names.size());
    levels_.push_back(std::move(level));
  }
  number_hosts(hosts);
  find_uniform_sizes();
}

void Cluster::number_hosts(const std::vector<ClusterHost>& hosts) {
  Level nodes{.name = "node", .domains = static_cast<int>(hosts.size())};
  first_slot_.push_back(0);
  for (const ClusterHost& host : hosts) {
    nodes.domain_names.push_back(host.name);
    host_of_slot_.insert(host_of_slot_.end(), static_cast<std::size_t>(host.slots),
                         static_cast<int>(first_slot_.size()) - 1);
    first_slot_.push_back(first_slot_.back() + host.slots);
  }
  slots_ = first_slot_.back();
  levels_.push_back(std::move(nodes));
  levels_.push_back({.name = "gpu", .domains = slots_});
}

void Cluster::find_uniform_sizes() {
  is_uniform_ = false;
  for (const Level& level : levels_) {
    if (slots_ % level.domains != 0) return;
  }
  const int each = slots_ / hosts();
  for (int host = 0; host < hosts(); ++host) {
    if (slots_of_host(host) != each) return;
  }
  for (const Level& level : levels_) {
    const int hosts_of_domain = hosts() / level.domains;
    for (std::size_t host = 0; host < level.domain_of_host.size(); ++host) {
      if (level.domain_of_host[host] != static_cast<int>(host) / hosts_of_domain) return;
    }
  }
  for (Level& level : levels_) level.size = slots_ / level.domains;
  is_uniform_ = true;
}

std::optional<std::size_t> Cluster::find_level(std::string_view name) const noexcept {
  for (std::size_t level = 0; level < levels_.size(); ++level) {
    if (levels_[level].name == name) return level;
  }
  return std::nullopt;
}

void Cluster::require_domain(std::size_t level, int domain) const {
  if (level >= levels_.size()) {
    throw RangeError("level " + std::to_string(level) + " does not exist: the cluster has the levels 0 .. " +
                     std::to_string(levels_.size() - 1));
  }
  if (domain >= 0 && domain < levels_[level].domains) return;
  throw RangeError("domain " + std::to_string(domain) + " does not exist: level " + levels_[level].name +
                   " has the domains 0 .. " + std::to_string(levels_[level].domains - 1));
}

std::vector<SlotRange> Cluster::slots_of(std::size_t level, int domain) const {
  require_domain(level, domain);
  if (is_uniform_) return {{domain * levels_[level].size, levels_[level].size}};
  if (level > host_level_) return {{domain, 1}};
  if (level == host_level_) return {{first_slot(domain), slots_of_host(domain)}};
  std::vector<SlotRange> ranges;
  for (int host = 0; host < hosts(); ++host) {
    if (levels_[level].domain_of_host[static_cast<std::size_t>(host)] != domain) continue;
    const SlotRange range{first_slot(host), slots_of_host(host)};
    if (!ranges.empty() && ranges.back().first + ranges.back().count == range.first) {
      ranges.back().count += range.count;
    } else {
      ranges.push_back(range);
    }
  }
  return ranges;
}

std::vector<int> Cluster::domain_sizes(std::size_t level) const {
  require_domain(level, 0);
  const auto domains = static_cast<std::size_t>(levels_[level].domains);
  if (is_uniform_) return std::vector<int>(domains, levels_[level].size);
  if (level > host_level_) return std::vector<int>(domains, 1);
  std::vector<int> sizes(domains);
  for (int host = 0; host < hosts(); ++host)
    sizes[static_cast<std::size_t>(domain_of(first_slot(host), level))] += slots_of_host(host);
  return sizes;
}

std::optional<std::size_t> Cluster::distance(int slot, int other) const noexcept {
  for (std::size_t level = 0; level < levels_.size(); ++level) {
    if (domain_of(slot, level) != domain_of(other, level)) return level;
  }
  return std::nullopt;
}

std::string Cluster::domain_name(std::size_t level, int domain) const {
  require_domain(level, domain);
  const Level& named = levels_[level];
  if (!named.domain_names.empty()) return named.domain_names[static_cast<std::size_t>(domain)];
  return named.name + std::to_string(domain);
}

std::optional<int> Cluster::find_host(std::string_view name) const {
  for (int host = 0; host < hosts(); ++host) {
    if (domain_name(host_level_, host) == name) return host;
  }
  return std::nullopt;
}

std::string Cluster::to_string() const {
  if (has_names_) {
    return joined(levels_, ", ", [](const Level& level) { return counted(level.domains, level.name); });
  }
  int outside = 1;
  std::vector<std::string> words;
  for (const Level& level : levels_) {
    words.push_back(level.name + ":" + std::to_string(level.domains / outside));
    outside = level.domains;
  }
  return joined(words, " ");
}

Cluster parse_cluster(std::string_view text) {
  std::vector<Axis> levels;
  Diagnostics diagnostics;
  for (const std::string_view word : split_words(text)) {
    const std::size_t colon = word.find(':');
    const std::string_view size = colon == std::string_view::npos ? "" : word.substr(colon + 1);
    std::int64_t number = 0;
    if (colon == std::string_view::npos) {
      diagnostics.add("cluster", std::string(word),
                      "is not a level of the form NAME:SIZE, for example node:8");
    } else if (const std::string rule = read_number(size, number); !rule.empty()) {
      diagnostics.add(word.substr(0, colon), std::string(size), rule);
    } else {
      levels.push_back({std::string(word.substr(0, colon)), number});
    }
  }
  if (!diagnostics.empty()) throw ConfigError(diagnostics.take());
  return Cluster(std::move(levels));
}

Cluster cluster_of_nodes(int ranks, int gpus_per_node) {
  // A size below 1 is for the constructor to refuse.
  const int nodes = gpus_per_node < 1 ? 1 : (ranks - 1) / gpus_per_node + 1;
  return Cluster({{"node", nodes}, {"gpu", gpus_per_node}});
}

}  // namespace rankmesh
