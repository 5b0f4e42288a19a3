#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/group_kind.hpp"
#include "rankmesh/topology/topology.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// An example of how the groups of one kind differ between two topologies.
struct GroupDifference {
  /// The lowest rank whose two groups are not the same list.
  int rank = 0;
  /// The number of that rank's group in topology a; nothing if it is in no group.
  std::optional<int> group_in_a{};
  /// The number of that rank's group in topology b; nothing if it is in no group.
  std::optional<int> group_in_b{};

  bool operator==(const GroupDifference&) const = default;
};

/// One kind in two topologies.
struct KindComparison {
  /// The kind's name in topology a; nothing if a lacks the kind.
  std::optional<GroupKind> in_a{};
  /// The kind's name in topology b; nothing if b lacks the kind.
  std::optional<GroupKind> in_b{};
  /// Whether both have the same lists in the same order; false if one lacks the kind.
  bool equal = false;
  /// Whether both have the same lists, numbered differently.
  bool same_but_order = false;
  /// The first difference; nothing if the lists are the same.
  std::optional<GroupDifference> first{};

  bool operator==(const KindComparison&) const = default;
};

/// Compares two topologies kind by kind: the kinds of `a` in its order of creation, then those that only `b`
/// has. Kinds are paired by name, where the short name `tp` is the same as `tensor`. In worlds of different
/// sizes every kind differs, at the latest at the first rank that only one of them has.
///
/// O(kinds * (digits + picked positions)) time and memory, whatever the world size. Exceptions are slices
/// across the digits that number the groups, and groups that were split off the borders of digits unless both
/// topologies split them alike: these are compared rank by rank up to the first difference, without a list of
/// them.
[[nodiscard]] std::vector<KindComparison> compare(const Topology& a, const Topology& b);

/// Whether both topologies have at least one kind in common, and every common kind is equal.
[[nodiscard]] bool agree(const std::vector<KindComparison>& comparisons) noexcept;

}  // namespace rankmesh
