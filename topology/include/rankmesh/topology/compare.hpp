#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/group_kind.hpp"
#include "rankmesh/topology/topology.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// How the groups of one kind differ between two topologies, by example.
struct GroupDifference {
  /// The first rank, by number, whose groups are not the same list.
  int rank = 0;
  /// The group of that rank in each; empty where it is in none.
  std::vector<int> in_a{};
  /// Likewise.
  std::vector<int> in_b{};

  bool operator==(const GroupDifference&) const = default;
};

/// One kind in two topologies.
struct KindComparison {
  /// What each calls it; nothing where it does not have the kind.
  std::optional<GroupKind> in_a{};
  /// Likewise.
  std::optional<GroupKind> in_b{};
  /// Whether both have the same lists in the same order; false where one lacks the kind.
  bool equal = false;
  /// Whether both have the same lists, numbered differently.
  bool same_but_order = false;
  /// Where the lists differ.
  std::optional<GroupDifference> first{};

  bool operator==(const KindComparison&) const = default;
};

/// Kinds are paired by name, `tp` being `tensor` and so on; those of `a` in its order of creation, then those
/// that only `b` has. In worlds of different sizes every kind differs, at the first rank that only one has a
/// group for if not before.
///
/// Decided from the formulas where they are written the same; else rank by rank up to the first that differs,
/// each group once: O(world size) at worst.
[[nodiscard]] std::vector<KindComparison> compare(const Topology& a, const Topology& b);

/// Whether no kind that both have differs, and there is one at least.
[[nodiscard]] bool agree(const std::vector<KindComparison>& comparisons) noexcept;

}  // namespace rankmesh
