#pragma once

#include <span>
#include <string>
#include <vector>

#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/group_kind.hpp"
#include "rankmesh/topology/topology.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// The groups of one kind as plain lists, in order.
struct KindLists {
  /// The kind.
  GroupKind kind;
  /// Its groups in order, each with its ranks in order.
  std::vector<std::vector<int>> groups;

  bool operator==(const KindLists&) const = default;
};

/// Something that is not as it must be.
struct BrokenInvariant {
  /// Which rule: one of those of `check_invariants`.
  std::string invariant;
  /// The kinds it was found in, one or two.
  std::vector<GroupKind> kinds;
  /// The ranks that break it, at most eight of them.
  std::vector<int> ranks;
  /// One sentence that says what was found and what was expected.
  std::string message;

  bool operator==(const BrokenInvariant&) const = default;
};

/// Every list of every kind, in the order of creation. O(kinds * world size).
[[nodiscard]] std::vector<KindLists> enumerate(const Topology& topology);

/// Checks the lists of a topology by brute force, to be used in property tests:
///
/// - `complete`: the lists are those of the topology's kinds, each with the groups the family counts;
/// - `in_range`: every rank is a rank of the world;
/// - `partition`: the groups of a kind that covers the world hold every rank once; those of any other kind
/// hold
///   no rank twice;
/// - `size`: a group has as many ranks as the sizes of its varying axes multiply to, or positions picked, or
///   as make parts or runs of its parent's groups equal;
/// - `coordinates`: the ranks of a group agree on every axis that does not vary, and come in the order of the
///   mesh; joined groups apart;
/// - `orthogonal`: groups of two kinds of one mesh with no varying axis in common meet in at most one rank;
/// - `nested`: where the axes of one kind vary in another too, a group of the one lies inside a group of the
///   other;
/// - `derived`: a group that was picked or split has its ranks from the group of its parent that has its
///   number, and joined groups are their parent's one after another;
/// - `closed_form`: the formulas of the family (place, rank, membership, enumeration) say what the lists say.
///
/// Each broken rule is reported once per kind or pair of kinds, with the first ranks that break it.
/// O(kinds^2 * world size) time, O(kinds * world size) memory.
[[nodiscard]] std::vector<BrokenInvariant> check_invariants(const Topology& topology);

/// The same, of lists that come from elsewhere: another system's, or a test's own oracle.
[[nodiscard]] std::vector<BrokenInvariant> check_invariants(const Topology& topology,
                                                            std::span<const KindLists> lists);

}  // namespace rankmesh
