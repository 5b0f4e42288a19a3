#pragma once

#include "rankmesh/topology/group_family.hpp"

namespace rankmesh::cli {

/// The most GPUs that a node may be said to have.
inline constexpr int max_gpus_per_node = 65536;

/// How many nodes the groups of a kind touch.
struct NodeSpan {
  /// Of the group that touches fewest.
  int fewest = 1;
  /// Of the group that touches most.
  int most = 1;

  bool operator==(const NodeSpan&) const = default;
};

/// Nodes hold `gpus_per_node` consecutive ranks each, the last one perhaps fewer.
///
/// How many nodes a group touches depends only on where its base lies inside a node, so that one group for
/// each such place is looked at, and not the world. O(gpus_per_node * (digits + runs of equal stride in a
/// group)) time, O(gpus_per_node) memory. Only groups that are parts of others are looked at one by one.
/// @param gpus_per_node 1 .. max_gpus_per_node
[[nodiscard]] NodeSpan node_span(const GroupFamily& family, int gpus_per_node);

}  // namespace rankmesh::cli
