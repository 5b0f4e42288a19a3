#include "rankmesh/comm/rank_set.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace rankmesh {
namespace {

std::int64_t length(const RankSet::Range& range) {
  return std::int64_t{range.last} - range.first + 1;
}

}  // namespace

RankSet RankSet::first_ranks(int count) {
  return of({{0, count - 1}});
}

RankSet RankSet::of(std::vector<Range> ranges) {
  std::erase_if(ranges, [](const Range& range) { return range.last < range.first; });
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.first < b.first; });
  // In place: the merged ranges lie before the one being read.
  std::size_t count = 0;
  for (const Range& range : ranges) {
    if (count > 0 && std::int64_t{range.first} <= std::int64_t{ranges[count - 1].last} + 1) {
      ranges[count - 1].last = std::max(ranges[count - 1].last, range.last);
    } else {
      ranges[count++] = range;
    }
  }
  ranges.resize(count);
  RankSet result;
  result.ranges_ = std::move(ranges);
  return result;
}

RankSet RankSet::of_ranks(std::span<const int> ranks) {
  std::vector<Range> ranges;
  ranges.reserve(ranks.size());
  for (const int rank : ranks) ranges.push_back({rank, rank});
  return of(std::move(ranges));
}

std::vector<int> RankSet::to_vector() const {
  std::vector<int> ranks;
  ranks.reserve(static_cast<std::size_t>(size()));
  for (const Range& range : ranges_) {
    for (int rank = range.first; rank <= range.last; ++rank) ranks.push_back(rank);
  }
  return ranks;
}

std::int64_t RankSet::size() const noexcept {
  std::int64_t count = 0;
  for (const Range& range : ranges_) count += length(range);
  return count;
}

bool RankSet::contains(int rank) const noexcept {
  const auto after = std::upper_bound(ranges_.begin(), ranges_.end(), rank,
                                      [](int wanted, const Range& range) { return wanted < range.first; });
  return after != ranges_.begin() && rank <= std::prev(after)->last;
}

void RankSet::insert(const RankSet& other) {
  if (other.empty() || &other == this) return;
  ranges_.insert(ranges_.end(), other.ranges_.begin(), other.ranges_.end());
  *this = of(std::move(ranges_));
}

RankSet RankSet::complement(int world_size) const {
  RankSet result;
  int next = 0;
  for (const Range& range : ranges_) {
    if (range.first > next && next < world_size)
      result.ranges_.push_back({next, std::min(range.first, world_size) - 1});
    next = std::max(next, range.last + 1);
  }
  if (next < world_size) result.ranges_.push_back({next, world_size - 1});
  return result;
}

RankSet RankSet::without(const RankSet& other) const {
  if (ranges_.empty()) return {};
  const int end = ranges_.back().last + 1;
  RankSet left_out = complement(end);
  left_out.insert(other);
  return left_out.complement(end);
}

std::string RankSet::to_string(std::size_t max_ranges) const {
  if (ranges_.empty()) return "no rank";
  const std::size_t shown = std::min(ranges_.size(), max_ranges);
  std::string text = size() == 1 ? "rank " : "ranks ";
  std::int64_t more = size();
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) text += i + 1 == ranges_.size() ? " and " : ", ";
    text += std::to_string(ranges_[i].first);
    if (length(ranges_[i]) > 1) text += "-" + std::to_string(ranges_[i].last);
    more -= length(ranges_[i]);
  }
  if (more > 0) text += " and " + std::to_string(more) + " more ranks";
  return text;
}

}  // namespace rankmesh
