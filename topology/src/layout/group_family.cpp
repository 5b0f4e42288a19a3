#include "rankmesh/topology/group_family.hpp"

#include <algorithm>
#include <string>

#include "layout/digits.hpp"
#include "layout/rank_pattern.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/rank_list.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

[[noreturn]] void refuse(std::string field, std::int64_t value, std::string rule,
                         std::vector<std::int64_t> nearest = {}) {
  throw ConfigError({{.field = std::move(field),
                      .value = std::to_string(value),
                      .rule = std::move(rule),
                      .nearest = std::move(nearest)}});
}

}  // namespace

GroupFamily GroupFamily::split(const Grouping& positions) const {
  const int count = positions.group_count() * positions.group_size();
  GroupFamily result = *this;
  if (!picked_.empty()) refuse("positions", count, "cannot be split any more: some were picked already");
  if (count != whole_size()) {
    refuse("positions", count, "is not the size of a group, " + std::to_string(whole_size()));
  }
  result.first_group_ *= positions.group_count();
  result.group_count_ *= positions.group_count();
  if (positions_) {
    // A split of a split is one split, if the new parts compose with the digits of the old ones.
    const auto inside = compose(positions.inside(), positions_->inside());
    auto outside = compose(positions.outside(), positions_->inside());
    if (!inside || !outside) refuse("positions", count, "cannot be split like this a second time");
    outside->insert(outside->end(), positions_->outside().begin(), positions_->outside().end());
    result.positions_ = Grouping(*inside, *outside);
    return result;
  }
  const auto inside = compose(positions.inside(), grouping_.inside());
  auto outside = compose(positions.outside(), grouping_.inside());
  if (inside && outside) {
    outside->insert(outside->end(), grouping_.outside().begin(), grouping_.outside().end());
    result.grouping_ = Grouping(*inside, *outside);
  } else {
    result.positions_ = positions;
  }
  return result;
}

GroupFamily GroupFamily::cut(int piece) const {
  if (piece < 1 || group_size() % piece != 0) {
    refuse("piece", piece, "does not divide the size of a group, " + std::to_string(group_size()));
  }
  const Digit inside{piece, 1};
  const Digit outside{group_size() / piece, piece};
  return split(Grouping({&inside, 1}, {&outside, 1}));
}

GroupFamily GroupFamily::join(int run) const {
  if (positions_ || !picked_.empty() || !has_all_groups()) {
    refuse("run", run, "cannot be joined: the groups are not whole");
  }
  if (run < 1 || group_count() % run != 0) {
    refuse("run", run, "does not divide the number of groups, " + std::to_string(group_count()));
  }
  const auto joined = compose(Digit{run, 1}, grouping_.outside());
  const auto outside = compose(Digit{group_count() / run, run}, grouping_.outside());
  if (!joined || !outside) refuse("run", run, "is no product of the first digits that number the groups");
  std::vector<Digit> inside(grouping_.inside().begin(), grouping_.inside().end());
  inside.insert(inside.end(), joined->begin(), joined->end());
  GroupFamily result = *this;
  result.grouping_ = Grouping(inside, *outside);
  result.group_count_ = result.grouping_.group_count();
  return result;
}

GroupFamily GroupFamily::slice(int first_group, int count) const {
  if (count < 1 || first_group < 0 || first_group > group_count() - count) {
    refuse("groups", first_group,
           "and " + std::to_string(count) + " from there are not groups of 0 .. " +
               std::to_string(group_count() - 1));
  }
  GroupFamily result = *this;
  result.first_group_ += first_group;
  result.group_count_ = count;
  return result;
}

GroupFamily GroupFamily::placed(int first_rank, int world_size) const {
  if (first_rank < 0 || first_rank > world_size - world_size_) {
    refuse("first_rank", first_rank,
           "leaves no room for " + counted(world_size_, "rank") + " in a world of " +
               std::to_string(world_size));
  }
  GroupFamily result = *this;
  result.first_rank_ += first_rank;
  result.world_size_ = world_size;
  return result;
}

namespace {

/// The position nearest to one outside the group that is not picked already; none if all are.
std::vector<std::int64_t> nearest_free(int position, int group_size, std::span<const int> picked) {
  const int step = position < 0 ? 1 : -1;
  for (int free = position < 0 ? 0 : group_size - 1; free >= 0 && free < group_size; free += step) {
    if (std::find(picked.begin(), picked.end(), free) == picked.end()) return {free};
  }
  return {};
}

}  // namespace

GroupFamily GroupFamily::pick(std::span<const int> positions) const {
  std::vector<Diagnostic> diagnostics;
  std::vector<int> accepted;
  GroupFamily result = *this;
  result.picked_.clear();
  result.offsets_.clear();
  result.lookup_.clear();
  accepted.reserve(positions.size());
  result.picked_.reserve(positions.size());
  result.offsets_.reserve(positions.size());
  result.lookup_.reserve(positions.size());
  for (const int position : positions) {
    if (position < 0 || position >= group_size()) {
      diagnostics.push_back({.field = "position",
                             .value = std::to_string(position),
                             .rule = "is outside a group of " + std::to_string(group_size()),
                             .nearest = nearest_free(position, group_size(), positions)});
      continue;
    }
    accepted.push_back(position);
    const int in_grouping = picked_.empty() ? position : picked_[static_cast<std::size_t>(position)];
    result.lookup_.push_back({in_grouping, static_cast<int>(result.picked_.size())});
    result.picked_.push_back(in_grouping);
    if (!positions_) result.offsets_.push_back(grouping_.offset(in_grouping));
  }
  const auto ascending = [](const PickedPosition& a, const PickedPosition& b) {
    return a.in_grouping < b.in_grouping;
  };
  std::sort(result.lookup_.begin(), result.lookup_.end(), ascending);
  for (std::size_t i = 1; i < result.lookup_.size(); ++i) {
    if (result.lookup_[i - 1].in_grouping != result.lookup_[i].in_grouping) continue;
    const int position = accepted[static_cast<std::size_t>(result.lookup_[i].here)];
    diagnostics.push_back(
        {.field = "position", .value = std::to_string(position), .rule = "is picked twice", .nearest = {}});
  }
  if (positions.empty()) diagnostics.push_back({.field = "positions", .value = "", .rule = "are empty"});
  if (!diagnostics.empty()) throw ConfigError(std::move(diagnostics));

  if (static_cast<int>(result.picked_.size()) == whole_size() &&
      std::is_sorted(result.picked_.begin(), result.picked_.end())) {
    result.picked_.clear();
    result.offsets_.clear();
    result.lookup_.clear();
  }
  return result;
}

std::optional<int> GroupFamily::position_of_picked(int position) const noexcept {
  const auto found =
      std::lower_bound(lookup_.begin(), lookup_.end(), position,
                       [](const PickedPosition& p, int wanted) { return p.in_grouping < wanted; });
  if (found == lookup_.end() || found->in_grouping != position) return std::nullopt;
  return found->here;
}

std::optional<Place> GroupFamily::locate(int rank) const noexcept {
  if (rank < first_rank_ || rank - first_rank_ >= grouping_.group_count() * grouping_.group_size()) {
    return std::nullopt;
  }
  Place place = grouping_.place(rank - first_rank_);
  if (positions_) {
    const Place part = positions_->place(place.position);
    place = {place.group * parts() + part.group, part.position};
  }
  place.group -= first_group_;
  if (place.group < 0 || place.group >= group_count_) return std::nullopt;
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
                     counted(group_size(), "member") + ", 0 .. " + std::to_string(group_size() - 1));
  }
  return list[place.position];
}

RankList GroupFamily::group(int group) const& {
  if (group < 0 || group >= group_count()) {
    throw RangeError("group " + std::to_string(group) + " does not exist: the family has " +
                     counted(group_count(), "group") + ", 0 .. " + std::to_string(group_count() - 1));
  }
  return {*this, group};
}

void GroupFamily::enumerate(std::span<int> out) const {
  if (static_cast<std::int64_t>(out.size()) != member_count()) {
    throw RangeError("the buffer holds " + counted(out.size(), "rank") + ", the family has " +
                     std::to_string(member_count()));
  }
  if (!has_all_groups()) {
    const auto size = static_cast<std::size_t>(group_size());
    for (int g = 0; g < group_count_; ++g)
      group(g).copy_to(out.subspan(static_cast<std::size_t>(g) * size, size));
    return;
  }
  if (positions_) {
    write_pattern(offsets_of_all_parts(), grouping_.outside(), out);
  } else if (picked_.empty()) {
    write_pattern(grouping_.inside(), grouping_.outside(), out);
  } else {
    write_pattern(offsets_, grouping_.outside(), out);
  }
  if (first_rank_ == 0) return;
  for (int& rank : out) rank += first_rank_;
}

std::vector<int> GroupFamily::offsets_of_all_parts() const {
  std::vector<int> result;
  for (int part = 0; part < parts(); ++part) {
    for (int position = 0; position < group_size(); ++position) {
      result.push_back(offset(positions_->base(part), position));
    }
  }
  return result;
}

std::string GroupFamily::pattern() const {
  if (grouping_.group_size() == 1) return "-";
  std::string text = digits_text(grouping_.inside());
  if (positions_) text += " / " + digits_text(positions_->inside());
  if (!picked_.empty()) text += "@" + joined(picked_, ",");
  return text;
}

std::string GroupFamily::to_string() const {
  std::string text = "inside " + pattern() + " outside " + digits_text(grouping_.outside());
  if (positions_) text += " / " + digits_text(positions_->outside());
  return text + " groups " + std::to_string(first_group_) + "+" + std::to_string(group_count_) + " at rank " +
         std::to_string(first_rank_) + " of " + std::to_string(world_size_);
}

GroupFormula GroupFamily::formula() const {
  return {grouping_, positions_, first_rank_, first_group_, picked_};
}

bool GroupFamily::same_groups(const GroupFamily& other) const noexcept {
  if (!has_all_groups() || !other.has_all_groups()) return *this == other;
  const bool same_parts = positions_ && other.positions_ ? positions_->same_groups(*other.positions_)
                                                         : positions_ == other.positions_;
  return world_size_ == other.world_size_ && first_rank_ == other.first_rank_ && same_parts &&
         grouping_.same_groups(other.grouping_) && picked_ == other.picked_;
}

RANKMESH_TOPOLOGY_API bool operator==(const GroupFamily& a, const GroupFamily& b) noexcept {
  return a.world_size_ == b.world_size_ && a.first_rank_ == b.first_rank_ && a.grouping_ == b.grouping_ &&
         a.positions_ == b.positions_ && a.first_group_ == b.first_group_ &&
         a.group_count_ == b.group_count_ && a.picked_ == b.picked_;
}

std::optional<int> RankList::position_of(int rank) const noexcept {
  const std::optional<Place> place = family_->locate(rank);
  if (!place || place->group != group_) return std::nullopt;
  return place->position;
}

void RankList::copy_to(std::span<int> out) const {
  if (out.size() != static_cast<std::size_t>(size())) {
    throw RangeError("the buffer holds " + counted(out.size(), "rank") + ", the group has " +
                     std::to_string(size()));
  }
  if (family_->positions_) {
    std::copy(begin(), end(), out.begin());
    return;
  }
  if (family_->picked_.empty()) {
    write_pattern(family_->grouping_.inside(), {}, out);
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

RANKMESH_TOPOLOGY_API bool operator==(const RankList& a, const RankList& b) noexcept {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
}

}  // namespace rankmesh
