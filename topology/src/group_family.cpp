#include "rankmesh/topology/group_family.hpp"

#include <algorithm>
#include <string>

#include "rank_pattern.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/rank_list.hpp"

namespace rankmesh {

GroupFamily GroupFamily::pick(std::span<const int> positions) const {
  std::vector<Violation> violations;
  std::vector<int> accepted;
  GroupFamily result(grouping_);
  for (const int position : positions) {
    if (position < 0 || position >= group_size()) {
      violations.push_back({.field = "position",
                            .value = std::to_string(position),
                            .rule = "is outside a group of " + std::to_string(group_size()),
                            .nearest = {position < 0 ? 0 : group_size() - 1}});
      continue;
    }
    accepted.push_back(position);
    const int in_grouping = picked_.empty() ? position : picked_[static_cast<std::size_t>(position)];
    result.lookup_.push_back({in_grouping, static_cast<int>(result.picked_.size())});
    result.picked_.push_back(in_grouping);
    result.offsets_.push_back(grouping_.offset(in_grouping));
  }
  const auto ascending = [](const PickedPosition& a, const PickedPosition& b) {
    return a.in_grouping < b.in_grouping;
  };
  std::sort(result.lookup_.begin(), result.lookup_.end(), ascending);
  for (std::size_t i = 1; i < result.lookup_.size(); ++i) {
    if (result.lookup_[i - 1].in_grouping != result.lookup_[i].in_grouping) continue;
    const int position = accepted[static_cast<std::size_t>(result.lookup_[i].here)];
    violations.push_back(
        {.field = "position", .value = std::to_string(position), .rule = "is picked twice", .nearest = {}});
  }
  if (positions.empty()) violations.push_back({.field = "positions", .value = "", .rule = "are empty"});
  if (!violations.empty()) throw ConfigError(std::move(violations));

  const bool picks_all = static_cast<int>(result.picked_.size()) == grouping_.group_size() &&
                         std::is_sorted(result.picked_.begin(), result.picked_.end());
  return picks_all ? GroupFamily(grouping_) : result;
}

std::optional<int> GroupFamily::position_of_picked(int position) const noexcept {
  const auto found =
      std::lower_bound(lookup_.begin(), lookup_.end(), position,
                       [](const PickedPosition& p, int wanted) { return p.in_grouping < wanted; });
  if (found == lookup_.end() || found->in_grouping != position) return std::nullopt;
  return found->here;
}

std::optional<Place> GroupFamily::locate(int rank) const noexcept {
  if (rank < 0 || rank >= world_size()) return std::nullopt;
  Place place = grouping_.place(rank);
  if (picked_.empty()) return place;
  const std::optional<int> position = position_of_picked(place.position);
  if (!position) return std::nullopt;
  place.position = *position;
  return place;
}

int GroupFamily::rank_at(Place place) const {
  const RankList list = group(place.group);
  if (place.position < 0 || place.position >= group_size()) {
    throw RangeError("position " + std::to_string(place.position) + " does not exist: the groups have " +
                     std::to_string(group_size()) + " members, 0 .. " + std::to_string(group_size() - 1));
  }
  return list[place.position];
}

RankList GroupFamily::group(int group) const& {
  if (group < 0 || group >= group_count()) {
    throw RangeError("group " + std::to_string(group) + " does not exist: the family has " +
                     std::to_string(group_count()) + " groups, 0 .. " + std::to_string(group_count() - 1));
  }
  return {*this, group};
}

void GroupFamily::enumerate(std::span<int> out) const {
  if (static_cast<std::int64_t>(out.size()) != member_count()) {
    throw RangeError("the buffer holds " + std::to_string(out.size()) + " ranks, the family has " +
                     std::to_string(member_count()));
  }
  if (picked_.empty()) {
    write_pattern(grouping_.inside(), grouping_.outside(), out);
  } else {
    write_pattern(offsets_, grouping_.outside(), out);
  }
}

bool GroupFamily::same_groups(const GroupFamily& other) const noexcept {
  return grouping_.same_groups(other.grouping_) && picked_ == other.picked_;
}

bool operator==(const GroupFamily& a, const GroupFamily& b) noexcept {
  return a.grouping_ == b.grouping_ && a.picked_ == b.picked_;
}

std::optional<int> RankList::position_of(int rank) const noexcept {
  const std::optional<Place> place = family_->locate(rank);
  if (!place || place->group != group_) return std::nullopt;
  return place->position;
}

void RankList::copy_to(std::span<int> out) const {
  if (out.size() != static_cast<std::size_t>(size())) {
    throw RangeError("the buffer holds " + std::to_string(out.size()) + " ranks, the group has " +
                     std::to_string(size()));
  }
  if (family_->picked_.empty()) {
    write_pattern(family_->grouping().inside(), {}, out);
  } else {
    std::copy(family_->offsets_.begin(), family_->offsets_.end(), out.begin());
  }
  for (int& rank : out) rank += base_;
}

std::vector<int> RankList::to_vector() const {
  std::vector<int> ranks(static_cast<std::size_t>(size()));
  copy_to(ranks);
  return ranks;
}

bool operator==(const RankList& a, const RankList& b) noexcept {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
}

}  // namespace rankmesh
