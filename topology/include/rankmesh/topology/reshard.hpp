#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "rankmesh/topology/cluster.hpp"
#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/placement.hpp"
#include "rankmesh/topology/state.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// Where processes run.
struct ProcessPlaces {
  /// The cluster.
  Cluster cluster;
  /// The slot of each process; processes are counted like the ranks of the old layout, and those that join
  /// follow.
  Placement placement;
};

/// What is known about the processes of a job that changes its layout.
struct ReshardOptions {
  /// For each rank of the new layout, the process that takes it: its rank in the old layout, or a number from
  /// the old world size on for a process that joins. Empty: rank r stays rank r.
  std::vector<int> old_rank_of_rank{};
  /// Ranks of the old layout whose state is lost. A process with the number of a lost rank is a new one.
  std::vector<int> lost{};
  /// Where the processes run; without, all are equally far from each other.
  std::optional<ProcessPlaces> places{};
};

/// A message: a part of a class that a rank of the new layout needs and its process does not hold.
struct StateMove {
  /// The class, an index of the table.
  std::size_t state = 0;
  /// The part.
  StateBlock block{};
  /// The sender, a rank of the old layout; nothing if no process holds the part, so that it comes from a
  /// checkpoint.
  std::optional<int> from{};
  /// The receiver, a rank of the new layout.
  int to = 0;

  bool operator==(const StateMove&) const = default;
};

/// Bytes by where they come from.
struct StateBytes {
  /// From other processes.
  std::int64_t moved = 0;
  /// Held by the process before and after.
  std::int64_t kept = 0;
  /// Held by no process.
  std::int64_t from_checkpoint = 0;

  bool operator==(const StateBytes&) const = default;
};

/// How the state gets from one layout to another.
struct Resharding {
  /// By receiver, class, layer, expert and interval.
  std::vector<StateMove> moves{};
  /// Of all ranks.
  StateBytes total{};
  /// For each class.
  std::vector<StateBytes> of_class{};
  /// For each rank of the new layout.
  std::vector<StateBytes> of_rank{};
  /// The bytes that each rank of the old layout sends.
  std::vector<std::int64_t> sent{};
  /// The moved bytes by the outermost level of the cluster that separates sender and receiver, outermost
  /// first; empty without a cluster.
  std::vector<std::int64_t> of_level{};

  bool operator==(const Resharding&) const = default;
};

/// Everything that keeps a change of layout from being planned; empty if nothing does. Diagnostics of one of
/// the layouts have `from` or `to` in front of their field.
[[nodiscard]] std::vector<Diagnostic> check_reshard(const StateLayout& from, const StateLayout& to,
                                                    std::span<const StateClass> classes,
                                                    const ReshardOptions& options = {});

/// Plans a change of layout with the least traffic: a process keeps what it holds, and everything else is
/// sent to it once. Of several holders, one of the nearest sends, the one with the fewest bytes to send so
/// far, the lowest rank among equals; parts of a class that a receiver can have from the same holders come
/// from one of them. Receivers choose in the order of ranks, so that the result is the same everywhere.
///
/// O(n log n) for n parts: what the ranks of both layouts hold, cut where either layout cuts, whatever the
/// number of pairs of ranks.
/// @throws ConfigError with the diagnostics of `check_reshard`
[[nodiscard]] Resharding reshard(const StateLayout& from, const StateLayout& to,
                                 std::span<const StateClass> classes, const ReshardOptions& options = {});

}  // namespace rankmesh
