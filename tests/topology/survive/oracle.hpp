#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "rankmesh/topology/parallel_config.hpp"
#include "rankmesh/topology/text.hpp"

/// @file
/// The state of ranks computed the slow, obvious way: coordinates from the sizes, no formula of the library.

namespace rankmesh::tests {

using Coordinates = std::map<std::string, std::int64_t>;

/// The axes of a layout, leftmost fastest: of the dense weights, or of the experts.
inline std::vector<Axis> oracle_axes(const ParallelConfig& config, bool for_experts) {
  if (config.convention == Convention::mesh) return config.meshes[for_experts ? config.meshes.size() - 1 : 0];
  if (config.convention != Convention::megatron_core) {
    const std::int64_t data = config.world_size / (config.tensor * config.sequence * config.pipeline);
    return {{"tp", config.tensor}, {"sp", config.sequence}, {"dp", data}, {"pp", config.pipeline}};
  }
  std::vector<Axis> axes;
  const std::int64_t etp = config.expert_tensor.value_or(config.tensor);
  for (const std::string_view name : split_text(config.order, '-')) {
    if (name == "pp") axes.push_back({"pp", config.pipeline});
    if (name == "tp") axes.push_back(for_experts ? Axis{"etp", etp} : Axis{"tp", config.tensor});
    if (name == "ep" && for_experts) axes.push_back({"ep", config.expert});
    if (name == "cp" && !for_experts) axes.push_back({"cp", config.context});
    if (name != "dp") continue;
    const std::int64_t used = for_experts ? etp * config.expert * config.pipeline
                                          : config.tensor * config.context * config.pipeline;
    axes.push_back({for_experts ? "edp" : "dp", config.world_size / used});
  }
  return axes;
}

inline Coordinates oracle_coordinates(const ParallelConfig& config, bool for_experts, int rank) {
  Coordinates result;
  for (const Axis& axis : oracle_axes(config, for_experts)) {
    result[axis.name] = rank % axis.size;
    rank = static_cast<int>(rank / axis.size);
  }
  return result;
}

inline bool oracle_has_experts(const ParallelConfig& config) {
  return config.convention == Convention::megatron_core ||
         (config.convention == Convention::mesh && config.meshes.size() > 1);
}

/// Ranks with the same text hold the same weights.
inline std::string weights_key(const ParallelConfig& config, bool for_experts, int rank) {
  const Coordinates at = oracle_coordinates(config, for_experts, rank);
  std::string key;
  for (const char* axis : {"tp", "pp", "ep", "etp", "dp_shard"}) {
    if (std::string(axis) == "ep" && !for_experts) continue;
    if (at.count(axis) > 0) key += axis + std::to_string(at.at(axis)) + " ";
  }
  return key;
}

/// The key of everything that a rank holds but the optimizer's state.
inline std::string whole_key(const ParallelConfig& config, int rank) {
  return weights_key(config, false, rank) +
         (oracle_has_experts(config) ? "/ " + weights_key(config, true, rank) : "");
}

/// The keys of the parts of a distributed optimizer: the ranks with the same weights take them in turn.
inline std::vector<std::string> optimizer_keys(const ParallelConfig& config,
                                               const std::vector<std::string>& weights) {
  std::map<std::string, int> all;
  for (const std::string& key : weights) ++all[key];
  std::map<std::string, int> before;
  std::vector<std::string> keys;
  for (const std::string& key : weights) {
    const int parts = all[key] / static_cast<int>(config.optimizer_instances);
    keys.push_back(key + "part " + std::to_string(before[key]++ % parts));
  }
  return keys;
}

/// The replicas: ranks with one data coordinate of either mesh belong together.
inline std::vector<std::set<int>> oracle_replicas(const ParallelConfig& config) {
  const auto data_of = [&](bool for_experts, int rank) {
    const Coordinates at = oracle_coordinates(config, for_experts, rank);
    for (const char* axis : {"dp_replicate", "dp", "edp"}) {
      if (at.count(axis) > 0) return at.at(axis);
    }
    return std::int64_t{0};
  };
  std::vector<std::set<int>> replicas;
  std::set<int> seen;
  for (int start = 0; start < config.world_size; ++start) {
    if (seen.count(start) > 0) continue;
    std::set<int> replica{start};
    for (bool grows = true; grows;) {
      grows = false;
      for (int rank = 0; rank < config.world_size; ++rank) {
        if (replica.count(rank) > 0) continue;
        for (const int member : std::set<int>(replica)) {
          const bool together = data_of(false, rank) == data_of(false, member) ||
                                (oracle_has_experts(config) && data_of(true, rank) == data_of(true, member));
          if (!together) continue;
          replica.insert(rank);
          grows = true;
          break;
        }
      }
    }
    seen.insert(replica.begin(), replica.end());
    replicas.push_back(replica);
  }
  return replicas;
}

/// The most pairs of a place and a process with the same key, by augmenting paths.
inline int oracle_matching(const std::vector<std::string>& places,
                           const std::vector<std::string>& processes) {
  std::vector<int> place_of(processes.size(), -1);
  int matched = 0;
  const auto augment = [&](auto&& self, std::size_t place, std::vector<bool>& visited) -> bool {
    for (std::size_t process = 0; process < processes.size(); ++process) {
      if (visited[process] || places[place] != processes[process]) continue;
      visited[process] = true;
      if (place_of[process] < 0 || self(self, static_cast<std::size_t>(place_of[process]), visited)) {
        place_of[process] = static_cast<int>(place);
        return true;
      }
    }
    return false;
  };
  for (std::size_t place = 0; place < places.size(); ++place) {
    std::vector<bool> visited(processes.size());
    matched += augment(augment, place, visited) ? 1 : 0;
  }
  return matched;
}

}  // namespace rankmesh::tests
