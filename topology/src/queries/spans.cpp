#include "rankmesh/topology/spans.hpp"

#include <algorithm>
#include <string>

#include "queries/block_counts.hpp"
#include "queries/block_survey.hpp"
#include "queries/strided_ranks.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/rank_list.hpp"

namespace rankmesh {
namespace {

void require_block_size(int block_size) {
  if (block_size >= 1) return;
  throw RangeError("blocks of " + std::to_string(block_size) + " ranks do not exist: the least is 1");
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
  const LevelSpan span = survey_blocks(family, block_size);
  return {span.fewest, span.most};
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
