#include "rankmesh/topology/spans.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>

#include "queries/strided_ranks.hpp"
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

/// The positions inside a block of the ranks in some boxes.
Places places_of(std::span<const StridedRanks> boxes, std::int64_t block_size) {
  Places places(static_cast<std::size_t>(block_size));
  for (const StridedRanks& box : boxes) {
    Places more(places.size());
    more[static_cast<std::size_t>(box.first % block_size)] = true;
    for (const Digit& digit : box.digits) more = moved(more, digit);
    for (std::size_t i = 0; i < places.size(); ++i) places[i] = places[i] || more[i];
  }
  return places;
}

/// The number of blocks that a box touches, for each position inside a block where its first rank may lie.
class BlockCounts {
 public:
  BlockCounts(const StridedRanks& box, std::int64_t block_size) : block_size_(block_size) {
    for (const Digit& digit : box.digits) {
      // Up to a block apart, the ranks leave out no block.
      if (digit.stride <= block_size) {
        reach_ += (digit.size - 1) * digit.stride;
      } else {
        repeat(digit);
      }
    }
  }

  [[nodiscard]] std::int64_t at(std::int64_t place) const {
    if (counts_.empty()) return (place + reach_) / block_size_ + 1;
    return counts_[static_cast<std::size_t>(place)];
  }
  /// The greatest rank less the least.
  [[nodiscard]] std::int64_t reach() const noexcept { return reach_; }

 private:
  /// Adds a slower digit: the counts of its values are summed, less the blocks that a value shares with the
  /// next.
  void repeat(const Digit& digit) {
    const std::int64_t orbits = std::gcd(digit.stride, block_size_);
    const std::int64_t turn = block_size_ / orbits;
    const std::int64_t step = digit.stride % block_size_;
    const std::int64_t others = digit.size - 1;
    std::vector<std::int64_t> sums(static_cast<std::size_t>(block_size_));
    for (std::int64_t start = 0; start < orbits; ++start) {
      const auto place = [&](std::int64_t value) { return (start + value % turn * step) % block_size_; };
      const auto alone = [&](std::int64_t value) {
        const std::int64_t from = place(value);
        const bool is_shared = (from + reach_) / block_size_ == (from + digit.stride) / block_size_;
        return at(from) - (is_shared ? 1 : 0);
      };
      std::int64_t once = 0;
      std::int64_t sum = 0;
      for (std::int64_t value = 0; value < turn; ++value) {
        once += alone(value);
        sum += value < others % turn ? alone(value) : 0;
      }
      sum += others / turn * once;
      for (std::int64_t value = 0; value < turn; ++value) {
        sums[static_cast<std::size_t>(place(value))] = sum + at(place(value + others));
        sum += alone(value + others) - alone(value);
      }
    }
    counts_ = std::move(sums);
    reach_ += others * digit.stride;
  }

  std::int64_t block_size_;
  std::int64_t reach_ = 0;
  /// Empty while no block is left out.
  std::vector<std::int64_t> counts_;
};

/// The blocks that the members of a group touch, which lie in some boxes in ascending order.
class MemberCounts {
 public:
  MemberCounts(std::span<const StridedRanks> boxes, std::int64_t block_size) : block_size_(block_size) {
    for (const StridedRanks& box : boxes) boxes_.push_back({box.first, BlockCounts(box, block_size)});
  }

  /// @param base the rank that the boxes are relative to
  [[nodiscard]] std::int64_t at(std::int64_t base) const {
    std::int64_t count = 0;
    std::int64_t last_block = -1;
    for (const auto& [first, counts] : boxes_) {
      const std::int64_t rank = base + first;
      count += counts.at(rank % block_size_) - (rank / block_size_ == last_block ? 1 : 0);
      last_block = (rank + counts.reach()) / block_size_;
    }
    return count;
  }

 private:
  struct Counted {
    std::int64_t first;
    BlockCounts counts;
  };
  std::int64_t block_size_;
  std::vector<Counted> boxes_;
};

void require_block_size(int block_size) {
  if (block_size >= 1) return;
  throw RangeError("blocks of " + std::to_string(block_size) + " ranks do not exist: the least is 1");
}

/// The bases of the groups that hold a part.
std::vector<StridedRanks> bases_of_part(const GroupFormula& formula, std::int64_t group_count,
                                        std::int64_t part) {
  const std::int64_t parts = formula.positions ? formula.positions->group_count() : 1;
  const auto groups_before = [&](std::int64_t number) { return (number - part + parts - 1) / parts; };
  std::vector<StridedRanks> bases;
  append_numbers(formula.grouping.outside(), groups_before(formula.first_group),
                 groups_before(formula.first_group + group_count), formula.first_rank, bases);
  return bases;
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

/// The members of one group, in ascending boxes.
std::vector<StridedRanks> members_of_group(const GroupFamily& family, int group) {
  static_cast<void>(family.group(group));  // throws if there is no such group
  const GroupFormula formula = family.formula();
  const int parts = formula.positions ? formula.positions->group_count() : 1;
  const int number = formula.first_group + group;
  std::vector<StridedRanks> boxes = members_of_part(formula, number % parts);
  for (StridedRanks& box : boxes) box.first += formula.first_rank + formula.grouping.base(number / parts);
  return boxes;
}

}  // namespace

BlockSpan block_span(const GroupFamily& family, int block_size) {
  require_block_size(block_size);
  if (block_size >= family.world_size()) return {};
  const GroupFormula formula = family.formula();
  const std::int64_t parts = formula.positions ? formula.positions->group_count() : 1;
  const bool is_sliced = family.group_count() != formula.grouping.group_count() * parts;
  const DistinctParts distinct = is_sliced ? DistinctParts{.count = parts} : distinct_parts(formula);
  BlockSpan span{.fewest = std::numeric_limits<int>::max(), .most = 0};
  Places places;
  for (std::int64_t part = 0; part < distinct.count; ++part) {
    if (part == 0 || is_sliced) {
      std::vector<StridedRanks> bases = bases_of_part(formula, family.group_count(), part);
      for (StridedRanks& box : bases) {
        box.digits.insert(box.digits.end(), distinct.moved.begin(), distinct.moved.end());
      }
      places = places_of(bases, block_size);
    }
    const MemberCounts members(members_of_part(formula, static_cast<int>(part)), block_size);
    for (int place = 0; place < block_size; ++place) {
      if (!places[static_cast<std::size_t>(place)]) continue;
      const auto blocks = static_cast<int>(members.at(place));
      span.fewest = std::min(span.fewest, blocks);
      span.most = std::max(span.most, blocks);
    }
  }
  return span;
}

GroupBlocks blocks_of_group(const GroupFamily& family, int group, int block_size) {
  require_block_size(block_size);
  const std::vector<StridedRanks> boxes = members_of_group(family, group);
  return {.first = static_cast<int>(boxes.front().first / block_size),
          .last = static_cast<int>(boxes.back().last() / block_size),
          .count = static_cast<int>(MemberCounts(boxes, block_size).at(0))};
}

void for_each_block(const GroupFamily& family, int group, int block_size,
                    const std::function<bool(int)>& visit) {
  require_block_size(block_size);
  std::int64_t least = 0;
  for (const StridedRanks& box : members_of_group(family, group)) {
    while (least <= box.last()) {
      const std::int64_t block = box.next(least) / block_size;
      if (!visit(static_cast<int>(block))) return;
      least = (block + 1) * block_size;
    }
  }
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
  const std::vector<Digit> digits = members_of_part(formula, 0).front().digits;
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
