#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/group_family.hpp"
#include "rankmesh/topology/topology.hpp"

/// @file
/// Which ranks hold the same state: weights, weights of experts, and the state of the optimizer.

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// What a layout does not say about the state that its ranks hold.
struct StateOptions {
  /// Whether the optimizer's state is divided among the ranks with the same weights. If not given, as the
  /// layout says: `distributed_optimizer` is set, or there are several `optimizer_instances`.
  std::optional<bool> distributed_optimizer{};
  /// For the convention `mesh` only: the axes along which weights are repeated; all others divide them. If
  /// empty, the names say it: `dp`, `dp_replicate`, `cp`, `sp` and `edp` repeat, `tp`, `pp`, `ep`, `etp`,
  /// `gtp`, `egtp` and `dp_shard` divide. `ep` divides experts only, and beside `dp_shard`, `cp` divides too,
  /// as in torchtitan.
  std::vector<std::string> copy_axes{};

  bool operator==(const StateOptions&) const = default;
};

/// Which ranks hold the same state. The ranks of a group hold the same; ranks of different groups hold
/// different parts. All families cover the layout.
struct StateHolders {
  /// The weights outside the experts: `data_context` in Megatron-Core, `sequence_data` in the reference.
  GroupFamily dense{};
  /// The weights of experts, if other ranks hold the same of them than hold the same dense weights:
  /// `expert_data` in Megatron-Core.
  std::optional<GroupFamily> expert{};
  /// The optimizer's state of the dense weights: the groups of `dense`, or with a distributed optimizer one
  /// rank of each optimizer instance.
  GroupFamily dense_optimizer{};
  /// The optimizer's state of the experts.
  std::optional<GroupFamily> expert_optimizer{};
  /// Whether the optimizer's state is divided among the ranks with the same weights.
  bool distributed_optimizer = false;
};

/// The families of ranks with the same state, as formulas: O(axes).
/// @throws ConfigError listing every axis of a mesh of one's own of which it is not known whether it repeats
///         or divides weights, and every axis of `copy_axes` that no mesh has, or that is set for another
///         convention
[[nodiscard]] StateHolders state_holders(const Topology& topology, const StateOptions& options = {});

}  // namespace rankmesh
