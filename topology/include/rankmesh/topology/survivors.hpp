#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rankmesh/topology/cluster.hpp"
#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/parallel_config.hpp"
#include "rankmesh/topology/placement.hpp"
#include "rankmesh/topology/state_holders.hpp"
#include "rankmesh/topology/topology.hpp"

/// @file
/// What is left of a layout after ranks are lost: which replicas are incomplete, who still holds each part of
/// the state, and the layout with which the job goes on.
///
/// A *replica* is the smallest set of ranks that holds a full copy of the weights and that a layout can lose
/// alone: the ranks of one data coordinate. With experts it has as many data coordinates as hold whole
/// coordinates of `expert_data` too. Replicas are numbered in the order of their first data coordinate, and
/// are all of one size.

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// What is known beside the layout.
struct SurvivorOptions {
  /// Processes without a rank that can take one. Not negative; with the ranks at most 2^31 - 1.
  int spares = 0;
  /// Who holds which state.
  StateOptions state{};
  /// For meshes of one's own: the axes that number the replicas. Of each mesh, the first of these that it has
  /// counts; a mesh without one makes the whole world one replica.
  std::vector<std::string> data_axes{"dp_replicate", "dp", "edp"};

  bool operator==(const SurvivorOptions&) const = default;
};

/// A rank of the new layout whose process does not hold the rank's state, and the survivors that hold it, by
/// their ranks in the old layout, ascending. A list without ranks means: from a checkpoint. The process is in
/// a list itself where it holds this part of the state.
struct StateSource {
  /// The rank in the new layout.
  int rank = 0;
  /// The rank in the old layout whose state it has. This rank is lost.
  int old_rank = 0;
  /// The process, as in `Survival::old_rank_of_rank`.
  int process = 0;
  /// Survivors with its dense weights.
  std::vector<int> dense{};
  /// Survivors with its weights of experts; empty too where the dense holders hold them
  /// (`StateHolders::expert`).
  std::vector<int> expert{};
  /// Survivors with its part of the optimizer's state; empty if the state is divided anew.
  std::vector<int> dense_optimizer{};
  /// The same for the experts.
  std::vector<int> expert_optimizer{};

  bool operator==(const StateSource&) const = default;
};

/// State that no survivor holds.
struct GoneState {
  /// The ranks that held the same state, all lost, ascending.
  std::vector<int> ranks{};

  bool operator==(const GoneState&) const = default;
};

/// What is left, and the layout with which the job goes on.
struct Survival {
  /// The lost ranks, ascending.
  std::vector<int> lost{};
  /// The number of replicas of the old layout.
  int replicas = 0;
  /// The ranks of a replica.
  int replica_size = 0;
  /// The incomplete replicas, ascending.
  std::vector<int> lost_replicas{};
  /// The replicas whose places the new layout does not have, ascending.
  std::vector<int> dropped_replicas{};
  /// The new layout: the old one with fewer replicas, or the same.
  ParallelConfig config{};
  /// For each rank of the new layout the process that takes it: its rank in the old layout, or the old world
  /// size + i for spare i.
  std::vector<int> old_rank_of_rank{};
  /// Surviving ranks of the old layout without a place in the new one, ascending.
  std::vector<int> idle{};
  /// The spares that have a place, ascending.
  std::vector<int> spares_used{};
  /// For each rank of the new layout whose process does not hold its weights, or its part of a distributed
  /// optimizer that stays divided as it is: who holds them. In the order of ranks.
  std::vector<StateSource> sources{};
  /// Whether the new layout divides the optimizer's state anew: it is distributed, and there are fewer
  /// replicas. Every rank then needs other parts, see `rankmesh reshard`.
  bool optimizer_is_redivided = false;
  /// Dense weights that are lost with all their holders.
  std::vector<GoneState> gone_dense{};
  /// Weights of experts that are lost with all their holders.
  std::vector<GoneState> gone_expert{};
  /// Parts of the optimizer's state of dense weights.
  std::vector<GoneState> gone_dense_optimizer{};
  /// Parts of the optimizer's state of experts.
  std::vector<GoneState> gone_expert_optimizer{};

  bool operator==(const Survival&) const = default;
};

/// The layout with which the job goes on after a loss, the same for the same input.
///
/// With a spare for each lost rank, spares take the places, and everyone else keeps rank and state. With
/// fewer, as few replicas as possible are dropped, those that lost the most first, the later of equals. The
/// others keep their order. Survivors of dropped replicas take the places of ranks lost elsewhere, before any
/// spare does: a survivor that holds the same weights, else one with the same dense weights, else any. The
/// number of processes that need weights is the least of all layouts of this size.
///
/// O(world size + lost * holders).
/// @param lost ranks, in any order; a repeated one counts once
/// @throws ConfigError listing every lost rank that does not exist, bad numbers of spares, and what
/// `state_holders`
///         refuses; if the layout is part of a larger job; if no replica can be made of what is left
[[nodiscard]] Survival survivors(const Topology& topology, std::span<const int> lost,
                                 const SurvivorOptions& options = {});

/// What a loss costs, without the new layout.
struct LossCost {
  /// The lost ranks.
  int lost = 0;
  /// The spares that are lost with them.
  int lost_spares = 0;
  /// The incomplete replicas.
  int lost_replicas = 0;
  /// The replicas of the new layout; 0 if none can be made.
  int replicas_left = 0;
  /// The surviving ranks without a place in it.
  int idle = 0;
  /// The spares with a place in it.
  int spares_used = 0;
  /// The lists of `Survival::gone_dense` and `gone_expert` together.
  int gone_weights = 0;
  /// The lists of `Survival::gone_dense_optimizer` and `gone_expert_optimizer` together.
  int gone_optimizer = 0;

  bool operator==(const LossCost&) const = default;
};

/// The loss of each domain of a level alone, for example of any one rack.
struct LossSweep {
  /// For each domain of the level.
  std::vector<LossCost> domains{};
  /// The first domain of the worst: the fewest replicas left, then the most weights gone, then the most of
  /// the optimizer's state gone, then the most ranks lost.
  int worst = 0;
  /// The ranks of a replica.
  int replica_size = 0;
  /// The replicas of the layout.
  int replicas = 0;
};

/// What the loss of each domain of a level costs. O(world size * log(ranks of a domain)) for all domains
/// together.
/// @param spare_slots the slots of the first spares, which are lost with their domain; the others are outside
///        the cluster
/// @throws ConfigError as `survivors` does, but not where no replica is left
/// @throws RangeError if there is no such level, or a rank has no slot of the cluster
[[nodiscard]] LossSweep loss_of_each_domain(const Topology& topology, const Cluster& cluster,
                                            const Placement& placement, std::size_t level,
                                            const SurvivorOptions& options = {},
                                            std::span<const int> spare_slots = {});

/// Which sizes may differ from those of a layout.
struct AllowedChanges {
  /// The tensor parallel size.
  bool tensor = false;
  /// The pipeline parallel size.
  bool pipeline = false;

  bool operator==(const AllowedChanges&) const = default;
};

/// A layout for some processes.
struct FittingLayout {
  /// The layout.
  ParallelConfig config{};
  /// The processes without a rank.
  int idle = 0;

  bool operator==(const FittingLayout&) const = default;
};

/// The largest layout of some processes for each choice of the sizes that may change: divisors and multiples
/// of the size by a power of two. The fewest idle processes first, then the sizes nearest to the present
/// ones. Whether a model divides into other sizes and fits the memory is not checked here.
/// O(choices * log(processes)) for most layouts.
/// @param topology the layout before the loss
/// @param processes survivors and spares
/// @throws ConfigError if sizes may change and the layout is on meshes of its own, whose axes have no fixed
///         meaning
[[nodiscard]] std::vector<FittingLayout> fitting_layouts(const Topology& topology, int processes,
                                                         AllowedChanges changes,
                                                         const SurvivorOptions& options = {});

}  // namespace rankmesh
