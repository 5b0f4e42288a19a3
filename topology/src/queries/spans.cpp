#include "rankmesh/topology/spans.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/rank_list.hpp"

namespace rankmesh {
namespace {

/// A set of positions inside a block: `places[i]` says whether position i is in the set.
using Places = std::vector<bool>;

/// The positions reached by adding 0, 1, ... size - 1 strides to each of some positions.
Places moved(const Places& places, Digit digit) {
  const auto block = static_cast<std::int64_t>(places.size());
  const std::int64_t step = digit.stride % block;
  const std::int64_t orbits = std::gcd(digit.stride, block);
  Places result(places.size());
  for (std::int64_t start = 0; start < orbits; ++start) {
    // The second turn around the orbit continues what the first turn left at the orbit's end.
    std::int64_t reach = 0;
    std::int64_t place = start;
    for (std::int64_t i = 0; i < 2 * (block / orbits); ++i, place = (place + step) % block) {
      reach = places[static_cast<std::size_t>(place)] ? digit.size : reach - 1;
      if (reach > 0) result[static_cast<std::size_t>(place)] = true;
    }
  }
  return result;
}

/// The positions inside a block that the groups' bases have.
Places base_places(const GroupFormula& formula, int block_size) {
  Places places(static_cast<std::size_t>(block_size));
  places[static_cast<std::size_t>(formula.first_rank % block_size)] = true;
  for (const Digit& digit : formula.grouping.outside()) places = moved(places, digit);
  return places;
}

std::vector<Digit> by_stride(std::span<const Digit> digits) {
  std::vector<Digit> sorted(digits.begin(), digits.end());
  std::sort(sorted.begin(), sorted.end(), [](const Digit& a, const Digit& b) { return a.stride < b.stride; });
  return sorted;
}

/// The ranks of a group relative to its base, as runs of ranks at equal distances, in ascending order.
class Runs {
 public:
  explicit Runs(const GroupFormula& formula) {
    if (!formula.picked.empty()) {
      for (const int position : formula.picked) picked_.push_back(formula.grouping.offset(position));
      std::sort(picked_.begin(), picked_.end());
      count_ = static_cast<std::int64_t>(picked_.size());
      return;
    }
    slower_ = by_stride(formula.grouping.inside());
    if (!slower_.empty()) {
      run_ = slower_.front();
      slower_.erase(slower_.begin());
    }
    count_ = formula.grouping.group_size() / run_.size;
  }

  [[nodiscard]] std::int64_t count() const noexcept { return count_; }
  /// The size and the stride that all runs have.
  [[nodiscard]] Digit run() const noexcept { return run_; }
  [[nodiscard]] std::int64_t first(std::int64_t run) const noexcept {
    if (!picked_.empty()) return picked_[static_cast<std::size_t>(run)];
    std::int64_t rank = 0;
    for (const Digit& digit : slower_) {
      rank += run % digit.size * digit.stride;
      run /= digit.size;
    }
    return rank;
  }

 private:
  Digit run_{};
  std::int64_t count_ = 1;
  std::vector<Digit> slower_;
  std::vector<int> picked_;
};

/// The number of blocks that a group touches.
int blocks_touched(const Runs& runs, std::int64_t base, std::int64_t block_size) {
  const Digit run = runs.run();
  std::int64_t count = 0;
  std::int64_t last_block = -1;
  for (std::int64_t i = 0; i < runs.count(); ++i) {
    const std::int64_t rank = base + runs.first(i);
    const std::int64_t first = rank / block_size;
    const std::int64_t last = (rank + (run.size - 1) * run.stride) / block_size;
    // A stride up to the block size skips no block; a longer one reaches a new block each time.
    count += run.stride <= block_size ? last - first + 1 : run.size;
    count -= first == last_block ? 1 : 0;
    last_block = last;
  }
  return static_cast<int>(count);
}

void include(BlockSpan& span, int blocks) {
  span.fewest = std::min(span.fewest, blocks);
  span.most = std::max(span.most, blocks);
}

/// Group by group: O(members * log(group size)).
BlockSpan span_of_each_group(const GroupFamily& family, int block_size) {
  BlockSpan span{.fewest = std::numeric_limits<int>::max(), .most = 0};
  std::vector<int> touched;
  for (int group = 0; group < family.group_count(); ++group) {
    touched.clear();
    family.group(group).for_each([&](int rank) { touched.push_back(rank / block_size); });
    std::sort(touched.begin(), touched.end());
    include(span, static_cast<int>(std::unique(touched.begin(), touched.end()) - touched.begin()));
  }
  return span;
}

/// The number of members of a group, given by its digits in ascending order of stride, that lie below a rank
/// relative to the group's base.
std::int64_t members_below(std::span<const Digit> digits, std::int64_t rank) {
  if (rank <= 0) return 0;
  if (digits.empty()) return 1;
  const Digit slowest = digits.back();
  const auto faster = digits.first(digits.size() - 1);
  std::int64_t each = 1;
  for (const Digit& digit : faster) each *= digit.size;
  // The sum of the faster digits is less than one stride of the slowest.
  const std::int64_t whole = std::min(slowest.size, rank / slowest.stride);
  const std::int64_t rest = whole < slowest.size ? members_below(faster, rank - whole * slowest.stride) : 0;
  return whole * each + rest;
}

}  // namespace

BlockSpan block_span(const GroupFamily& family, int block_size) {
  if (block_size < 1) {
    throw RangeError("blocks of " + std::to_string(block_size) + " ranks do not exist: the least is 1");
  }
  if (block_size >= family.world_size()) return {};
  const GroupFormula formula = family.formula();
  // The parts of a split group start at several positions of it, and a slice has only some of the bases.
  if (formula.positions || family.group_count() != formula.grouping.group_count()) {
    return span_of_each_group(family, block_size);
  }
  const Places places = base_places(formula, block_size);
  const Runs runs(formula);
  BlockSpan span{.fewest = std::numeric_limits<int>::max(), .most = 0};
  for (int place = 0; place < block_size; ++place) {
    if (places[static_cast<std::size_t>(place)]) include(span, blocks_touched(runs, place, block_size));
  }
  return span;
}

std::vector<std::int64_t> members_per_block(const GroupFamily& family, int group, const RankBlocks& blocks) {
  std::vector<std::int64_t> members(static_cast<std::size_t>(blocks.count));
  const GroupFormula formula = family.formula();
  const RankList ranks = family.group(group);
  if (formula.positions || !formula.picked.empty()) {
    ranks.for_each(
        [&](int rank) { ++members[static_cast<std::size_t>((rank - blocks.first) / blocks.size)]; });
    return members;
  }
  const std::vector<Digit> digits = by_stride(formula.grouping.inside());
  std::int64_t before = 0;
  for (std::size_t block = 0; block < members.size(); ++block) {
    const std::int64_t end = blocks.first + (static_cast<std::int64_t>(block) + 1) * blocks.size;
    const std::int64_t below = members_below(digits, end - ranks.front());
    members[block] = below - before;
    before = below;
  }
  return members;
}

}  // namespace rankmesh
