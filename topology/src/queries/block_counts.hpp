#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "queries/strided_ranks.hpp"

namespace rankmesh {

/// The number of blocks that a box touches, for each position inside a block where its first rank may lie.
class BlockCounts {
 public:
  BlockCounts(const StridedRanks& box, std::int64_t block_size);

  [[nodiscard]] std::int64_t at(std::int64_t place) const {
    if (counts_.empty()) return (place + reach_) / block_size_ + 1;
    return counts_[static_cast<std::size_t>(place)];
  }
  /// The greatest rank less the least.
  [[nodiscard]] std::int64_t reach() const noexcept { return reach_; }

 private:
  void repeat(const Digit& digit);

  std::int64_t block_size_;
  std::int64_t reach_ = 0;
  /// Empty while no block is left out.
  std::vector<std::int64_t> counts_;
};

/// The blocks that the members of a group touch, which lie in some boxes in ascending order.
class MemberCounts {
 public:
  MemberCounts(std::span<const StridedRanks> boxes, std::int64_t block_size);

  /// @param base the rank that the boxes are relative to
  [[nodiscard]] std::int64_t at(std::int64_t base) const;

 private:
  struct Counted {
    std::int64_t first;
    BlockCounts counts;
  };
  std::int64_t block_size_;
  std::vector<Counted> boxes_;
};

}  // namespace rankmesh
