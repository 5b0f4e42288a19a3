#include "queries/block_counts.hpp"

#include <numeric>
#include <utility>

namespace rankmesh {

BlockCounts::BlockCounts(const StridedRanks& box, std::int64_t block_size) : block_size_(block_size) {
  for (const Digit& digit : box.digits) {
    // Up to a block apart, the ranks leave out no block.
    if (digit.stride <= block_size) {
      reach_ += (digit.size - 1) * digit.stride;
    } else {
      repeat(digit);
    }
  }
}

/// Adds a slower digit: the counts of its values are summed, less the blocks that a value shares with the
/// next.
void BlockCounts::repeat(const Digit& digit) {
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

MemberCounts::MemberCounts(std::span<const StridedRanks> boxes, std::int64_t block_size)
    : block_size_(block_size) {
  for (const StridedRanks& box : boxes) boxes_.push_back({box.first, BlockCounts(box, block_size)});
}

std::int64_t MemberCounts::at(std::int64_t base) const {
  std::int64_t count = 0;
  std::int64_t last_block = -1;
  for (const auto& [first, counts] : boxes_) {
    const std::int64_t rank = base + first;
    count += counts.at(rank % block_size_) - (rank / block_size_ == last_block ? 1 : 0);
    last_block = (rank + counts.reach()) / block_size_;
  }
  return count;
}

}  // namespace rankmesh
