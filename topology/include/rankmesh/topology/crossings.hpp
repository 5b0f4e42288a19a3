#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rankmesh/topology/best_placement.hpp"
#include "rankmesh/topology/cluster.hpp"
#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/placement.hpp"
#include "rankmesh/topology/topology.hpp"

/// @file
/// Which kinds of group touch more domains of a cluster than they need, why, and what helps.

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// The level in whose domains the groups of a kind should stay.
struct KindLevel {
  /// The kind, by its name or short name.
  GroupKind kind;
  /// The level.
  std::string level{};

  bool operator==(const KindLevel&) const = default;
};

/// Why groups touch more domains than they need.
enum class CrossingCause {
  /// With rank r on slot r they would not.
  placement,
  /// Axes that vary faster stand between the members.
  order,
  /// The members are consecutive, but domains begin and end inside a group.
  size,
  /// A domain is too small for a group.
  room,
};

/// What was found to help. It was tried: no group of the kind then touches more domains than it needs, and
/// no group of a kind that is judged before it touches more than now. Where several kinds cross and one
/// change ends all of it, each has that change.
struct CrossingRemedy {
  /// What to change.
  enum class Sort {
    /// Rank r on slot r.
    identity,
    /// Another order of Megatron-Core's axes.
    order,
    /// The placement that `best_placement` finds with some weights.
    best_placement,
    /// A smaller tensor parallel size.
    tensor_size,
  };

  /// What to change.
  Sort sort = Sort::identity;
  /// Of `order`: the order.
  std::string order{};
  /// Of `best_placement`: the weights; empty for `default_weights`.
  std::vector<KindWeight> weights{};
  /// Of `tensor_size`: the size.
  std::int64_t tensor = 1;

  bool operator==(const CrossingRemedy&) const = default;
};

/// A kind whose groups touch more domains of a level than they need.
struct Crossing {
  /// The kind, by its long name.
  GroupKind kind;
  /// The level of the cluster.
  std::size_t level = 0;
  /// The domains that a group needs: 1 where a domain has room for it.
  int needed = 1;
  /// What the groups touch.
  LevelSpan span{};
  /// Why.
  CrossingCause cause = CrossingCause::order;
  /// Of `CrossingCause::order`: the axes that vary faster than the first axis of the kind.
  std::vector<std::string> faster_axes{};
  /// Of `CrossingCause::order`: the first axis of the kind.
  std::string axis{};
  /// What helps; nothing if nothing was found.
  std::optional<CrossingRemedy> remedy{};

  bool operator==(const Crossing&) const = default;
};

/// The kinds whose groups touch more domains of the level that they should stay in than they need, in the
/// order in which they are judged.
///
/// Tensor, expert, sequence and context groups should stay in the innermost level whose domains have room
/// for all of them; a group that no level has room for is no crossing, except that of a tensor group. A
/// crossing of theirs that nothing would end is left out: tensor groups that fill the nodes leave no room for
/// expert groups. `keep` names further kinds, and other levels for these. What it names is judged first, in
/// its order, and never left out.
///
/// O(kinds * levels) where the spans are formulas, see `are_spans_formulas`; otherwise O(members). With a
/// crossing, also what `best_placement` takes, up to 2^16 ranks, if no other remedy is found.
/// @throws RangeError if the placement does not fit the topology and the cluster, or if `keep` names a kind
/// or
///         level that does not exist
[[nodiscard]] std::vector<Crossing> crossings(const Topology& topology, const Cluster& cluster,
                                              const Placement& placement,
                                              std::span<const KindLevel> keep = {});

/// A crossing in one sentence without a full stop: what crosses, where, and why. The remedy is left to the
/// caller, who knows how the user gives one.
[[nodiscard]] std::string to_text(const Crossing& crossing, const Topology& topology, const Cluster& cluster,
                                  const Placement& placement);

}  // namespace rankmesh
