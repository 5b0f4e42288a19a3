#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rankmesh/topology/cluster.hpp"
#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/placement.hpp"
#include "rankmesh/topology/topology.hpp"

/// @file
/// The placement of least cost.

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// How the members of a group exchange data, which says how often that crosses domains.
enum class TrafficPattern {
  /// Each member sends to the next around a ring, ordered so that it enters each domain once: as often as the
  /// group touches domains, if more than one.
  ring,
  /// Each member sends to the next, without the way back: as often as consecutive members are in different
  /// domains.
  chain,
  /// Each member sends to every other: the ordered pairs in different domains, divided by the size less one.
  all_to_all,
};

/// The pattern of a kind: a chain for `pipeline`, all-to-all for `expert` and `sequence`, a ring for others.
[[nodiscard]] TrafficPattern traffic_pattern(GroupKind kind) noexcept;

/// The weight of a kind.
struct KindWeight {
  /// The kind, by its name or short name.
  GroupKind kind;
  /// The relative number of bytes that its groups send. Not negative.
  double weight = 1;

  bool operator==(const KindWeight&) const = default;
};

/// The cost of a crossing of a level.
struct LevelCost {
  /// The level.
  std::string level{};
  /// Not negative.
  double cost = 1;

  bool operator==(const LevelCost&) const = default;
};

/// What a placement costs.
struct PlacementWeights {
  /// The kinds that count. Others cost nothing.
  std::vector<KindWeight> kinds{};
  /// Levels that are not listed cost 1 for each crossing, the innermost level nothing.
  std::vector<LevelCost> levels{};

  bool operator==(const PlacementWeights&) const = default;
};

/// The weights of a layout about which nothing else is known: rough shares of the bytes that a training step
/// of a transformer sends in each kind of group, of which tensor parallelism has the most and pipelines the
/// least. Kinds with the lists of another one count once.
[[nodiscard]] std::vector<KindWeight> default_weights(const Topology& topology);

/// The sum over the kinds, their groups of two or more members, and the levels but the innermost, of weight *
/// level cost * crossings. O(members * levels).
/// @throws RangeError if the topology has no kind, or the cluster no level, of a name, or if a rank has no
/// slot
[[nodiscard]] double placement_cost(const Topology& topology, const Cluster& cluster,
                                    const Placement& placement, const PlacementWeights& weights);

/// The result of `best_placement`.
struct BestPlacement {
  /// The placement: the identity if no other that was found costs less.
  Placement placement = Placement::identity(1);
  /// The cost of the identity.
  double cost_before = 0;
  /// The cost of the placement.
  double cost_after = 0;
};

/// A placement of low cost, never above that of the identity. The result is the same for the same input.
///
/// On a uniform cluster, the prime factors of the sizes of the axes are distributed among the levels. Where
/// each level is a product of factors, the search is exact over all such distributions. Jobs of up to 8 ranks
/// are placed by trying everything. On other clusters, orders of the axes are laid on the hosts sorted by
/// domain, in whole blocks as far as domains have room, and hosts are then exchanged while that helps.
///
/// Seconds for 2^20 ranks; 16384 ranks on three levels take less than one.
/// @throws ConfigError if the cluster has fewer slots than the job has ranks
/// @throws RangeError if the topology has no kind, or the cluster no level, of a name
[[nodiscard]] BestPlacement best_placement(const Topology& topology, const Cluster& cluster,
                                           const PlacementWeights& weights);

/// An order of Megatron-Core's axes for which the identity costs no more than a placement of the usual order.
/// @param cost what the placement costs
/// @return nothing if no order does, or the layout has another convention
[[nodiscard]] std::optional<std::string> order_with_cost(const Topology& topology, const Cluster& cluster,
                                                         const PlacementWeights& weights, double cost);

}  // namespace rankmesh
