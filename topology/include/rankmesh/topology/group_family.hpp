#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/grouping.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

class RankList;

/// The numbers that define a `GroupFamily`, for code that evaluates the formula elsewhere, for example in
/// JavaScript on the page that `rankmesh draw` writes. Member m of group g is
///
///     parts = positions ? positions.group_count() : 1
///     n     = first_group + g
///     p     = picked.empty() ? m : picked[m]
///     rank  = first_rank + grouping.base(n / parts)
///           + grouping.offset(positions ? positions.base(n % parts) + positions.offset(p) : p)
struct GroupFormula {
  /// The groups before they were split or reduced.
  Grouping grouping{};
  /// How the positions of one group of `grouping` are divided among the groups of the family; nothing where
  /// the groups are undivided.
  std::optional<Grouping> positions{};
  /// The rank of the world that is index 0 of `grouping`.
  int first_rank = 0;
  /// The number that group 0 of the family has before slicing.
  int first_group = 0;
  /// The positions that `pick` kept, in the order of the members; empty where all positions are kept.
  std::vector<int> picked{};
};

/// All groups of one kind: lists of ranks, all of the same size, as a formula.
///
/// A family begins as a `Grouping`, in which every rank is in exactly one group. The operations below derive
/// other families: `split` and `cut` divide each group, `join` merges neighbouring groups, `pick` keeps some
/// members of each group, `slice` keeps some groups, and `placed` puts a family into a larger world. After
/// `pick`, `slice` or `placed`, some ranks may be in no group.
///
/// Every question about one rank or one group costs O(digits of the groupings + log(picked positions)),
/// independent of the world size, and allocates nothing. Only `enumerate`, the copies of a `RankList` and the
/// text forms allocate.
///
/// A split or join that can be written as a `Grouping` is stored as one, so the result equals the family that
/// a finer or coarser mesh makes of the same lists.
class GroupFamily {
 public:
  /// One group that holds the only rank of a world of one.
  GroupFamily() = default;

  /// Every rank is in exactly one group.
  /// @post `group(g)[m] == grouping.index({g, m})`
  explicit GroupFamily(const Grouping& grouping)
      : grouping_(grouping),
        world_size_(grouping.group_count() * grouping.group_size()),
        group_count_(grouping.group_count()) {}

  /// Keeps some members of every group. O(positions * log(positions)).
  /// @post `group_count` is unchanged, and `result.group(g)[m] == group(g)[positions[m]]`. The result equals
  ///       `*this` if all positions are picked in order.
  /// @throws ConfigError listing every position that is outside the group or repeated, or if there is none
  [[nodiscard]] GroupFamily pick(std::span<const int> positions) const;

  /// Divides every group into parts; the parts of one group are numbered consecutively.
  /// @param positions a grouping of the positions 0 .. group_size() - 1
  /// @post with n = positions.group_count(), `result.group_count() == n * group_count()` and
  ///       `result.group(n * g + i)[m] == group(g)[positions.index({i, m})]`
  /// @throws ConfigError if `positions` has another number of positions, if positions were picked before, or
  ///         if the family was split before in a way that does not nest with this one
  [[nodiscard]] GroupFamily split(const Grouping& positions) const;
  /// Divides every group into pieces of consecutive members.
  /// @post with n = group_size() / piece, `result.group(n * g + i)[m] == group(g)[i * piece + m]`
  /// @throws ConfigError if `piece` does not divide the group size, or `split` would throw
  [[nodiscard]] GroupFamily cut(int piece) const;
  /// Merges every `run` consecutive groups into one.
  /// @post `result.group_count() == group_count() / run` and
  ///       `result.group(g)[i * group_size() + m] == group(g * run + i)[m]`
  /// @throws ConfigError if `run` does not divide the number of groups, if `run` is not a product of the
  ///         fastest digits that number the groups, or if the family was split, sliced or picked from
  [[nodiscard]] GroupFamily join(int run) const;
  /// Keeps `count` consecutive groups. Members of the other groups are then in no group.
  /// @post `result.group(g)[m] == group(first_group + g)[m]`
  /// @throws ConfigError if there are no such groups
  [[nodiscard]] GroupFamily slice(int first_group, int count) const;
  /// Puts the family into a larger world. The ranks before and after it are in no group.
  /// @post `result.world_size() == world_size` and `result.group(g)[m] == first_rank + group(g)[m]`
  /// @throws ConfigError if the family does not fit
  [[nodiscard]] GroupFamily placed(int first_rank, int world_size) const;

  /// The number of ranks in the world, whether in a group or not.
  [[nodiscard]] int world_size() const noexcept { return world_size_; }
  /// The first rank of the family in the world: 0 unless it was `placed`.
  [[nodiscard]] int first_rank() const noexcept { return first_rank_; }
  /// The number of groups.
  [[nodiscard]] int group_count() const noexcept { return group_count_; }
  /// The number of ranks in each group.
  [[nodiscard]] int group_size() const noexcept {
    return picked_.empty() ? whole_size() : static_cast<int>(picked_.size());
  }
  /// Whether every rank of the world is in a group.
  [[nodiscard]] bool covers_world() const noexcept { return member_count() == world_size_; }
  /// The number of ranks in all groups together.
  [[nodiscard]] std::int64_t member_count() const noexcept {
    return std::int64_t{group_count()} * group_size();
  }

  /// The group and position of a rank; nothing if the rank is in no group or outside the world.
  [[nodiscard]] std::optional<Place> locate(int rank) const noexcept;

  /// The rank at a place, the inverse of `locate`.
  /// @throws RangeError if there is no such place
  [[nodiscard]] int rank_at(Place place) const;

  /// The ranks of one group, as a view that is valid as long as this family.
  /// @throws RangeError if there is no such group
  [[nodiscard]] RankList group(int group) const&;
  RankList group(int group) const&& = delete;

  /// Writes the ranks of all groups, one group after another, about as fast as memory can be filled.
  /// @param out exactly `member_count()` ranks
  /// @throws RangeError if `out` has another size
  void enumerate(std::span<int> out) const;

  /// How the ranks of a group lie, as digits `size:stride`, fastest first: `4:1 8:64` is 8 runs of 4
  /// consecutive ranks, the runs 64 apart. `4:4@0,3` keeps only the members 0 and 3 of such groups. A group
  /// of one is `-`. Where groups were split off the borders of the digits, the digits of the positions
  /// follow: `4:1 3:8 / 3:1` is 3 consecutive members of `4:1 3:8`.
  [[nodiscard]] std::string pattern() const;
  /// One line that identifies the family: two families have the same text exactly if they are equal. The text
  /// is the same on all platforms.
  [[nodiscard]] std::string to_string() const;
  /// The numbers that define the family, copied.
  [[nodiscard]] GroupFormula formula() const;

  /// Whether both have the same lists, perhaps numbered differently. Decided from the formulas in
  /// O(digits + positions): exact for families of one mesh and what is derived from them. Two `Grouping`s
  /// written by hand may express the same picked lists differently; such families count as different.
  [[nodiscard]] bool same_groups(const GroupFamily& other) const noexcept;

  /// Equal when both have the same lists under the same numbers, as exact as `same_groups`.
  friend bool operator==(const GroupFamily& a, const GroupFamily& b) noexcept;

 private:
  friend class RankList;

  /// The number of groups that one group of the grouping is split into.
  [[nodiscard]] int parts() const noexcept { return positions_ ? positions_->group_count() : 1; }
  /// The size of a group before positions were picked.
  [[nodiscard]] int whole_size() const noexcept {
    return positions_ ? positions_->group_size() : grouping_.group_size();
  }
  /// The summand that all ranks of a group have in common.
  [[nodiscard]] int base(int group) const noexcept {
    return first_rank_ + grouping_.base((first_group_ + group) / parts());
  }
  /// The base of a group among the positions of the group that it is a part of.
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
  /// Whether no group was sliced away.
  [[nodiscard]] bool has_all_groups() const noexcept {
    return group_count_ == grouping_.group_count() * parts();
  }
  [[nodiscard]] std::vector<int> offsets_of_all_parts() const;
  /// The position in this family of a position of the grouping; nothing if it was not picked.
  [[nodiscard]] std::optional<int> position_of_picked(int position) const noexcept;

  struct PickedPosition {
    int in_grouping;
    int here;
  };

  /// See `GroupFormula`.
  Grouping grouping_;
  std::optional<Grouping> positions_{};
  int first_rank_ = 0;
  int world_size_ = 1;
  int first_group_ = 0;
  int group_count_ = 1;
  std::vector<int> picked_;
  /// `grouping_.offset` of each picked position; empty where `positions_` is set.
  std::vector<int> offsets_;
  /// The picked positions in ascending order.
  std::vector<PickedPosition> lookup_;
};

}  // namespace rankmesh
