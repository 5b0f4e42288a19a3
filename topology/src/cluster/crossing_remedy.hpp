#pragma once

#include <optional>
#include <span>

#include "rankmesh/topology/crossings.hpp"

namespace rankmesh {

/// A kind with the level that its groups should stay in.
struct JudgedKind {
  const KindFamily* kind = nullptr;
  std::size_t level = 0;
  /// The domains of the level that a group needs.
  int needed = 1;
  /// The domains that a group may touch at most after a change: what it touches now, or `needed` if a change
  /// was found.
  int allowed = 1;
  /// Whether a crossing is reported even if nothing helps.
  bool is_asked_for = false;
};

/// The smallest and the largest domain of a level, in slots. O(1) in uniform clusters, O(hosts) in others.
struct DomainSizes {
  int smallest = 0;
  int largest = 0;
};
[[nodiscard]] DomainSizes domain_sizes_of(const Cluster& cluster, std::size_t level);

/// Looks for what ends the crossing of a kind: ranks in order, another order of the axes, another placement,
/// a smaller size, in this order. What is found leaves the kinds before this one within `allowed`.
class RemedySearch {
 public:
  /// @param kinds the kind is the last; the others are judged before it. All arguments outlive the search.
  RemedySearch(const Topology& topology, const Cluster& cluster, const Placement& placement,
               std::span<const JudgedKind> kinds);

  [[nodiscard]] std::optional<CrossingRemedy> run();
  /// Whether rank r on slot r helps, after `run`.
  [[nodiscard]] bool identity_helps() const noexcept { return identity_helps_; }

 private:
  /// Whether a change of the topology or of the placement helps.
  [[nodiscard]] bool helps(const Topology& topology, const Placement& placement) const;
  /// Whether a domain could hold a group together with one of each kind before it.
  [[nodiscard]] bool is_possible() const;
  [[nodiscard]] std::optional<CrossingRemedy> other_order() const;
  [[nodiscard]] std::optional<CrossingRemedy> other_placement() const;
  [[nodiscard]] std::optional<CrossingRemedy> smaller_tensor() const;

  const Topology& topology_;
  const Cluster& cluster_;
  const Placement& placement_;
  std::span<const JudgedKind> kinds_;
  bool identity_helps_ = false;
};

}  // namespace rankmesh
