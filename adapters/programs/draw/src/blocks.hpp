#pragma once

#include <cstdint>
#include <vector>

#include "rankmesh/topology/group_family.hpp"

namespace rankmesh::cli {

/// Runs of consecutive ranks of one length, the last perhaps shorter: a world from afar.
struct Blocks {
  /// The rank where the first block begins.
  std::int64_t first = 0;
  std::int64_t ranks = 1;
  std::int64_t size = 1;

  [[nodiscard]] int count() const noexcept { return static_cast<int>((ranks + size - 1) / size); }
};

/// Blocks for some ranks, `most` of them at the most. They begin where axes do, if that leaves enough.
/// @param periods after how many ranks each axis begins anew, ascending
[[nodiscard]] Blocks blocks_of(std::int64_t first, std::int64_t ranks, int most,
                               const std::vector<std::int64_t>& periods);

/// The number of members of a group in each block; see `members_per_block`.
[[nodiscard]] std::vector<std::int64_t> members_in(const Blocks& blocks, const GroupFamily& family,
                                                   int group);

}  // namespace rankmesh::cli
