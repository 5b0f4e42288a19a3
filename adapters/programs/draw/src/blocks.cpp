#include "blocks.hpp"

#include <algorithm>
#include <span>

#include "rankmesh/output/each_rank.hpp"

namespace rankmesh::cli {
namespace {

/// How many members of a group, given by its digits from the fastest, lie below a rank relative to its base.
std::int64_t members_below(std::span<const Digit> digits, std::int64_t rank) {
  if (rank <= 0) return 0;
  if (digits.empty()) return 1;
  const Digit slowest = digits.back();
  const auto faster = digits.first(digits.size() - 1);
  std::int64_t each = 1;
  for (const Digit& digit : faster) each *= digit.size;
  // The faster digits stay below one stride of the slowest.
  const std::int64_t whole = std::min(slowest.size, rank / slowest.stride);
  const std::int64_t rest = whole < slowest.size ? members_below(faster, rank - whole * slowest.stride) : 0;
  return whole * each + rest;
}

}  // namespace

Blocks blocks_of(std::int64_t first, std::int64_t ranks, int most, const std::vector<std::int64_t>& periods) {
  const std::int64_t least = (ranks + most - 1) / most;
  std::int64_t best = 0;
  for (std::size_t i = 0; i < periods.size(); ++i) {
    const std::int64_t whole = i + 1 < periods.size() ? periods[i + 1] / periods[i] : 1;
    for (std::int64_t part = std::max<std::int64_t>(1, (least + periods[i] - 1) / periods[i]);
         part <= whole && part <= std::int64_t{most} * 8; ++part) {
      const std::int64_t size = periods[i] * part;
      if (whole % part == 0 && size >= least && (best == 0 || size < best)) best = size;
    }
  }
  const bool is_fine_enough = best > 0 && best < 8 * least;
  return {.first = first, .ranks = ranks, .size = is_fine_enough ? best : least};
}

std::vector<std::int64_t> members_in(const Blocks& blocks, const GroupFamily& family, int group) {
  std::vector<std::int64_t> members(static_cast<std::size_t>(blocks.count()));
  const auto block_of = [&](std::int64_t rank) {
    return static_cast<std::size_t>((rank - blocks.first) / blocks.size);
  };
  if (family.positions() || !family.picked().empty()) {
    each_rank(family, group, [&](int rank) { ++members[block_of(rank)]; });
    return members;
  }
  const std::int64_t base = family.group(group)[0];
  std::vector<Digit> digits(family.grouping().inside().begin(), family.grouping().inside().end());
  std::sort(digits.begin(), digits.end(), [](const Digit& a, const Digit& b) { return a.stride < b.stride; });
  std::int64_t before = 0;
  for (std::size_t block = 0; block < members.size(); ++block) {
    const std::int64_t end = blocks.first + (static_cast<std::int64_t>(block) + 1) * blocks.size;
    const std::int64_t below = members_below(digits, end - base);
    members[block] = below - before;
    before = below;
  }
  return members;
}

}  // namespace rankmesh::cli
