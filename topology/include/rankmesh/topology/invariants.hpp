#pragma once

#include <span>
#include <string>
#include <vector>

#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/group_kind.hpp"
#include "rankmesh/topology/topology.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// The groups of one kind as plain lists.
struct KindLists {
  /// The kind.
  GroupKind kind;
  /// The groups in order, each with its ranks in order.
  std::vector<std::vector<int>> groups;

  bool operator==(const KindLists&) const = default;
};

/// A violation of one of the rules of `check_invariants`.
struct BrokenInvariant {
  /// The name of the rule.
  std::string invariant;
  /// The one or two kinds that break the rule.
  std::vector<GroupKind> kinds;
  /// The ranks that break the rule, at most eight of them.
  std::vector<int> ranks;
  /// One sentence with what was found and what was expected.
  std::string message;

  bool operator==(const BrokenInvariant&) const = default;
};

/// Every list of every kind, in the order of creation. O(kinds * world size).
[[nodiscard]] std::vector<KindLists> enumerate(const Topology& topology);

/// Checks the lists of a topology by brute force, to be used in property tests:
///
/// - `complete`: there are lists for each kind of the topology and for no other kind, and as many groups as
///   the family counts;
/// - `in_range`: every rank is a rank of the world;
/// - `partition`: the groups of a kind that covers the world hold every rank once, and the groups of any
/// other
///   kind hold no rank twice;
/// - `size`: the size of a group is the product of the sizes of its varying axes, or the number of positions
///   picked; the groups of a split or joined kind share the ranks of the parent equally;
/// - `coordinates`: the ranks of a group agree on every axis that does not vary, and are in the order of the
///   mesh; joined groups are exempt;
/// - `orthogonal`: groups of two kinds of one mesh with no varying axis in common share at most one rank;
/// - `nested`: if the varying axes of one kind are among those of another, each group of the first lies
/// inside
///   one group of the second;
/// - `derived`: the ranks of a picked or split group are ranks of the parent's group with the corresponding
///   number, and a joined group is consecutive groups of the parent, one after another;
/// - `closed_form`: the formulas of the family (`locate`, `rank_at`, `enumerate`, ...) agree with the lists.
///
/// Each broken rule is reported once per kind or pair of kinds, with the first ranks that break it. A kind
/// that breaks one of the first four rules is not checked further, and one that breaks `coordinates` not for
/// `closed_form`: these rules would name the same mistake again.
/// O(kinds^2 * world size) time, O(kinds * world size) memory.
[[nodiscard]] std::vector<BrokenInvariant> check_invariants(const Topology& topology);

/// Checks lists from elsewhere, for example of another system or of a test's oracle, against a topology.
[[nodiscard]] std::vector<BrokenInvariant> check_invariants(const Topology& topology,
                                                            std::span<const KindLists> lists);

}  // namespace rankmesh
