#pragma once

#include <cstdint>
#include <vector>

#include "rankmesh/topology/group_family.hpp"

namespace rankmesh::cli {

/// The outline of a world: blocks of consecutive ranks of one size; the last may be smaller.
struct Blocks {
  /// The first rank of the first block.
  std::int64_t first = 0;
  std::int64_t ranks = 1;
  std::int64_t size = 1;

  [[nodiscard]] int count() const noexcept { return static_cast<int>((ranks + size - 1) / size); }
};

/// At most `most` blocks for some ranks. They begin where axes start again, unless there are too few such
/// places.
/// @param periods the number of ranks after which each axis starts again, ascending
[[nodiscard]] Blocks blocks_of(std::int64_t first, std::int64_t ranks, int most,
                               const std::vector<std::int64_t>& periods);

/// The number of members of a group in each block; see `members_per_block`.
[[nodiscard]] std::vector<std::int64_t> members_in(const Blocks& blocks, const GroupFamily& family,
                                                   int group);

}  // namespace rankmesh::cli
