#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "rankmesh/topology/cluster.hpp"
#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/group_family.hpp"
#include "rankmesh/topology/spans.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// On which slot of a cluster each rank runs. No two ranks share a slot; slots may be idle.
class Placement {
 public:
  /// Rank r on slot r.
  /// @throws ConfigError if there is no rank
  [[nodiscard]] static Placement identity(int ranks);
  /// A formula: the rank is written in a mixed radix, and each digit adds its value times its stride to the
  /// slot.
  /// @param digits of the rank, fastest first; the strides are those of the slots. `{4, 8}, {8, 1}` puts the
  ///        ranks 0 .. 3 on the slots 0, 8, 16, 24, rank 4 on slot 1
  /// @throws ConfigError unless the strides, in ascending order, are each at least the product of the size
  /// and
  ///         stride before, so that no two ranks share a slot
  [[nodiscard]] static Placement of_digits(std::vector<Digit> digits);
  /// A list: the slot of every rank.
  /// @throws ConfigError listing every slot that is below 0 or that two ranks share
  explicit Placement(std::vector<int> slot_of_rank);
  /// Hosts take ranks in turns of `turn`: 1 is SLURM's distribution `cyclic`, more is `plane`.
  /// @throws ConfigError if the cluster has fewer slots than ranks, or `turn` is below 1
  [[nodiscard]] static Placement in_turns(const Cluster& cluster, int ranks, int turn);
  /// Each rank takes the next slot of a host.
  /// @param host_of_rank hosts of the cluster, counted from 0
  /// @throws ConfigError listing every host that does not exist or has more ranks than slots
  [[nodiscard]] static Placement on_hosts(const Cluster& cluster, std::span<const int> host_of_rank);

  /// The number of ranks.
  [[nodiscard]] int ranks() const noexcept { return ranks_; }
  /// The slot of a rank, which must exist. O(digits).
  [[nodiscard]] int slot_of(int rank) const noexcept;
  /// The slots of all ranks.
  [[nodiscard]] std::vector<int> slots() const;
  /// The rank on a slot; nothing if it is idle. O(digits) for formulas, O(ranks) for lists.
  [[nodiscard]] std::optional<int> rank_on(int slot) const noexcept;
  /// The digits of a formula; empty for a list.
  [[nodiscard]] std::span<const Digit> digits() const& noexcept { return digits_; }
  std::span<const Digit> digits() const&& = delete;
  /// Whether rank r is on slot r, for every rank.
  [[nodiscard]] bool is_identity() const noexcept;

  /// Equal if every rank is on the same slot and both are formulas with the same digits, or both lists.
  bool operator==(const Placement&) const = default;

 private:
  Placement() = default;

  int ranks_ = 0;
  std::vector<Digit> digits_;
  std::vector<int> slot_of_rank_;
};

/// Where the groups of a family lie.
struct ClusterSpans {
  /// For each level of the cluster but the innermost, outermost first.
  std::vector<LevelSpan> levels{};
  /// Whether the members of each group have the same local index on their hosts.
  bool is_rail_aligned = true;
  /// For each level: whether every group fills all the domains that it touches.
  std::vector<bool> fills_domains{};

  bool operator==(const ClusterSpans&) const = default;
};

/// Whether the spans of a family follow from formulas, without a walk over its members: the cluster is
/// uniform, and either ranks are in order, or the placement is a formula whose digits and those of the family
/// divide each other, and which leaves no slot idle between those in use. A family that was `placed` needs
/// ranks in order. O(digits).
[[nodiscard]] bool are_spans_formulas(const GroupFamily& family, const Cluster& cluster,
                                      const Placement& placement);

/// Where the groups of a family lie on a cluster. Costs `level_span` at each level where
/// `are_spans_formulas`; otherwise O(members * levels).
/// @throws RangeError if the family has more ranks than the placement, or a rank has no slot of the cluster
[[nodiscard]] ClusterSpans cluster_spans(const GroupFamily& family, const Cluster& cluster,
                                         const Placement& placement);

/// The domains of one level that the groups touch. Where `are_spans_formulas`, O(n * digits * parts) time and
/// O(n) memory with the parts of `block_span`, independent of the number of ranks: n is the size of a domain
/// divided by what it has in common with the digits below it, which is 1 where the fastest digits fill a
/// domain. Otherwise O(members).
/// @throws RangeError the same, or if there is no such level
[[nodiscard]] LevelSpan level_span(const GroupFamily& family, const Cluster& cluster,
                                   const Placement& placement, std::size_t level);

/// The domains of a level that a group touches, in ascending order. O(members).
/// @throws RangeError if there is no such group or level, or a rank has no slot of the cluster
[[nodiscard]] std::vector<int> domains_of_group(const GroupFamily& family, int group, const Cluster& cluster,
                                                const Placement& placement, std::size_t level);

}  // namespace rankmesh
