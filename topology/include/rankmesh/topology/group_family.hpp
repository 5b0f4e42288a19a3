#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "rankmesh/topology/grouping.hpp"

namespace rankmesh {

class RankList;

/// All groups of one kind: rank lists of one size, as a formula.
///
/// A family is a grouping of the ranks 0 .. world_size-1, or a pick of positions out of every group of one
/// (the first and last member of each pipeline group, say), which leaves some ranks in no group. Whatever is
/// asked about one rank or one group costs O(digits of the grouping + log(picked positions)), independent of
/// the world size, and allocates nothing; only `enumerate` and the copies of a `RankList` produce lists.
class GroupFamily {
 public:
  /// One group that holds the one rank of a world of one.
  GroupFamily() = default;

  /// Every rank is in exactly one group.
  explicit GroupFamily(const Grouping& grouping) : grouping_(grouping) {}

  /// The same groups, reduced to some positions: member m of the result's group g is member `positions[m]` of
  /// group g here. Picking all positions in order gives an equal family. Costs O(positions * log(positions)).
  /// @throws ConfigError if a position is outside the group, repeated, or if there is none
  [[nodiscard]] GroupFamily pick(std::span<const int> positions) const;

  [[nodiscard]] int world_size() const noexcept { return grouping_.group_count() * grouping_.group_size(); }
  [[nodiscard]] int group_count() const noexcept { return grouping_.group_count(); }
  [[nodiscard]] int group_size() const noexcept {
    return picked_.empty() ? grouping_.group_size() : static_cast<int>(picked_.size());
  }
  /// Whether every rank of the world is in a group.
  [[nodiscard]] bool covers_world() const noexcept { return group_size() == grouping_.group_size(); }
  /// The members of all groups together.
  [[nodiscard]] std::int64_t member_count() const noexcept {
    return std::int64_t{group_count()} * group_size();
  }

  /// Where a rank is; nothing for a rank in no group, or outside the world.
  [[nodiscard]] std::optional<Place> locate(int rank) const noexcept;

  /// The rank at a place.
  /// @throws RangeError if there is no such place
  [[nodiscard]] int rank_at(Place place) const;

  /// The ranks of one group, as a view that is valid as long as this family.
  /// @throws RangeError if there is no such group
  [[nodiscard]] RankList group(int group) const&;
  RankList group(int group) const&& = delete;

  /// Writes the ranks of all groups, one group after another, at the speed of filling memory.
  /// @param out exactly `member_count()` ranks
  /// @throws RangeError if `out` has another size
  void enumerate(std::span<int> out) const;

  /// The groups before anything was picked from them.
  [[nodiscard]] const Grouping& grouping() const noexcept { return grouping_; }
  /// The positions picked out of every group of `grouping()`; empty where all are members.
  [[nodiscard]] std::span<const int> picked() const noexcept { return picked_; }

  /// Whether both have the same lists; the groups may be numbered differently. Decided from the formulas, in
  /// O(digits + positions): exact for families of one mesh and picks from them, while two groupings made by
  /// hand may write the same picked lists differently and count as different.
  [[nodiscard]] bool same_groups(const GroupFamily& other) const noexcept;

  /// Equal when both have the same lists under the same numbers, as exact as `same_groups`.
  friend bool operator==(const GroupFamily& a, const GroupFamily& b) noexcept;

 private:
  friend class RankList;

  [[nodiscard]] int offset(int position) const noexcept {
    return picked_.empty() ? grouping_.offset(position) : offsets_[static_cast<std::size_t>(position)];
  }
  /// The position here of a position of the grouping, if it was picked.
  [[nodiscard]] std::optional<int> position_of_picked(int position) const noexcept;

  struct PickedPosition {
    int in_grouping;
    int here;
  };

  Grouping grouping_;
  std::vector<int> picked_;
  /// `grouping_.offset` of each picked position.
  std::vector<int> offsets_;
  /// The picked positions in ascending order.
  std::vector<PickedPosition> lookup_;
};

}  // namespace rankmesh
