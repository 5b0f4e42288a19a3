#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/grouping.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

class RankList;

/// All groups of one kind: rank lists of one size, as a formula.
///
/// A family starts as a grouping of ranks. From it others are made: groups can be split by position (the
/// consecutive halves of each data group, say), reduced to some positions (the first and last member of each
/// pipeline group), or joined with their neighbours, and a family can be placed in a larger world, which
/// leaves some ranks in no group. Whatever is asked about one rank or one group costs O(digits of the
/// groupings + log(picked positions)), independent of the world size, and allocates nothing; only `enumerate`
/// and the copies of a `RankList` produce lists.
///
/// A split or a join whose borders fall on those of the digits gives a grouping again: such families are
/// equal to those of a mesh with the same lists.
class GroupFamily {
 public:
  /// One group that holds the one rank of a world of one.
  GroupFamily() = default;

  /// Every rank is in exactly one group.
  explicit GroupFamily(const Grouping& grouping)
      : grouping_(grouping),
        world_size_(grouping.group_count() * grouping.group_size()),
        group_count_(grouping.group_count()) {}

  /// The same groups, reduced to some positions: member m of the result's group g is member `positions[m]` of
  /// group g here. Picking all positions in order gives an equal family. Costs O(positions * log(positions)).
  /// @throws ConfigError if a position is outside the group, repeated, or if there is none
  [[nodiscard]] GroupFamily pick(std::span<const int> positions) const;

  /// Every group divided into several: a grouping of the positions 0 .. group_size() - 1 says how. The parts
  /// of one group are numbered one after another, before those of the next.
  /// @throws ConfigError if the grouping is not one of so many positions, or positions were picked already
  [[nodiscard]] GroupFamily split(const Grouping& positions) const;
  /// Every group cut into pieces of consecutive members.
  /// @throws ConfigError if the size of a piece does not divide that of a group, or positions were picked
  [[nodiscard]] GroupFamily cut(int piece) const;
  /// Runs of consecutive groups, each run made one group: the members of its first group, then those of the
  /// second, ...
  /// @throws ConfigError if the length of a run does not divide the number of groups or is none of the
  /// products
  ///         of their first digits, or if the family was split, sliced or picked from
  [[nodiscard]] GroupFamily join(int run) const;
  /// Some consecutive groups alone, numbered from 0. The members of the others are in no group.
  /// @throws ConfigError if there are no such groups
  [[nodiscard]] GroupFamily slice(int first_group, int count) const;
  /// The same groups in a larger world: rank r becomes rank first_rank + r. Ranks before and after are in no
  /// group.
  /// @throws ConfigError if they do not fit
  [[nodiscard]] GroupFamily placed(int first_rank, int world_size) const;

  /// The ranks that there are, in groups or not.
  [[nodiscard]] int world_size() const noexcept { return world_size_; }
  /// Where the ranks of `grouping()` begin in the world.
  [[nodiscard]] int first_rank() const noexcept { return first_rank_; }
  /// How many groups there are.
  [[nodiscard]] int group_count() const noexcept { return group_count_; }
  /// Ranks of each group.
  [[nodiscard]] int group_size() const noexcept {
    return picked_.empty() ? whole_size() : static_cast<int>(picked_.size());
  }
  /// Whether every rank of the world is in a group.
  [[nodiscard]] bool covers_world() const noexcept { return member_count() == world_size_; }
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

  /// The groups before they were split and anything was picked from them.
  [[nodiscard]] const Grouping& grouping() const noexcept { return grouping_; }
  /// The group of the grouping, as it was split, that is group 0 here.
  [[nodiscard]] int first_group() const noexcept { return first_group_; }
  /// How positions of those groups make the groups here; nothing where they are whole.
  [[nodiscard]] const std::optional<Grouping>& positions() const noexcept { return positions_; }
  /// The positions picked out of every group, as it was split; empty where all are members.
  [[nodiscard]] std::span<const int> picked() const noexcept { return picked_; }

  /// Whether both have the same lists; the groups may be numbered differently. Decided from the formulas, in
  /// O(digits + positions): exact for families of one mesh and picks from them, while two groupings made by
  /// hand may write the same picked lists differently and count as different.
  [[nodiscard]] bool same_groups(const GroupFamily& other) const noexcept;

  /// Equal when both have the same lists under the same numbers, as exact as `same_groups`.
  friend bool operator==(const GroupFamily& a, const GroupFamily& b) noexcept;

 private:
  friend class RankList;

  /// The groups that one group of the grouping is split into.
  [[nodiscard]] int parts() const noexcept { return positions_ ? positions_->group_count() : 1; }
  /// The members of a group before positions were picked.
  [[nodiscard]] int whole_size() const noexcept {
    return positions_ ? positions_->group_size() : grouping_.group_size();
  }
  /// What all ranks of a group have in common.
  [[nodiscard]] int base(int group) const noexcept {
    return first_rank_ + grouping_.base((first_group_ + group) / parts());
  }
  /// Where a group begins among the positions of the group that it is a part of.
  [[nodiscard]] int start(int group) const noexcept {
    return positions_ ? positions_->base((first_group_ + group) % parts()) : 0;
  }
  /// What a position adds to the base of its group.
  [[nodiscard]] int offset(int start, int position) const noexcept {
    if (!positions_) {
      return picked_.empty() ? grouping_.offset(position) : offsets_[static_cast<std::size_t>(position)];
    }
    const int whole = picked_.empty() ? position : picked_[static_cast<std::size_t>(position)];
    return grouping_.offset(start + positions_->offset(whole));
  }
  /// Whether all groups of the grouping, as it was split, are here.
  [[nodiscard]] bool has_all_groups() const noexcept {
    return group_count_ == grouping_.group_count() * parts();
  }
  [[nodiscard]] std::vector<int> offsets_of_all_parts() const;
  /// The position here of a position of the grouping, if it was picked.
  [[nodiscard]] std::optional<int> position_of_picked(int position) const noexcept;

  struct PickedPosition {
    int in_grouping;
    int here;
  };

  Grouping grouping_;
  std::optional<Grouping> positions_{};
  int first_rank_ = 0;
  int world_size_ = 1;
  int first_group_ = 0;
  int group_count_ = 1;
  std::vector<int> picked_;
  /// `grouping_.offset` of each picked position, where the groups are whole.
  std::vector<int> offsets_;
  /// The picked positions in ascending order.
  std::vector<PickedPosition> lookup_;
};

}  // namespace rankmesh
