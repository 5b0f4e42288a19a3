#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rankmesh/topology/topology.hpp"

namespace rankmesh {

/// The replicas of a layout: see survivors.hpp.
class Replicas {
 public:
  /// O(world size * meshes).
  /// @param data_axes see SurvivorOptions
  /// @throws ConfigError if the layout is part of a larger job, or its replicas differ in size
  Replicas(const Topology& topology, std::span<const std::string> data_axes);

  /// The number of replicas.
  [[nodiscard]] int count() const noexcept { return count_; }
  /// The ranks of each.
  [[nodiscard]] int size() const noexcept { return world_size_ / count_; }
  [[nodiscard]] int world_size() const noexcept { return world_size_; }
  /// The replica of a rank of the layout.
  [[nodiscard]] int replica_of(int rank) const noexcept {
    return replica_of_data_[static_cast<std::size_t>(coordinates_.locate(rank)->group)];
  }
  /// The layout with another number of replicas; nothing if it breaks a rule.
  [[nodiscard]] std::optional<ParallelConfig> config_of(int replicas) const;
  /// The largest number of replicas of a valid layout, at most `replicas`; 0 if there is none.
  [[nodiscard]] int most_valid(int replicas) const;
  /// Why the layout has a single replica, as a phrase: it has no data axis, or the experts need all ranks.
  [[nodiscard]] std::string why_single() const;

 private:
  void number_replicas(const std::vector<int>& root_of_data);

  ParallelConfig config_;
  int world_size_ = 1;
  int count_ = 1;
  /// The group number is the coordinate along the data axis of the first mesh.
  GroupFamily coordinates_;
  std::vector<int> replica_of_data_;
  /// The data axis of each mesh of one's own; empty where it has none.
  std::vector<std::string> data_axis_of_own_mesh_;
};

}  // namespace rankmesh
