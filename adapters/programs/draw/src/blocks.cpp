#include "blocks.hpp"

#include <algorithm>

#include "rankmesh/topology/spans.hpp"

namespace rankmesh::cli {
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
  return members_per_block(family, group,
                           {.first = blocks.first, .size = blocks.size, .count = blocks.count()});
}

}  // namespace rankmesh::cli
