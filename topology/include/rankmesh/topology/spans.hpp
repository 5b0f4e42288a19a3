#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/group_family.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// How many blocks of consecutive ranks a group touches, over all groups of a family. A block is, for
/// example, a node with 8 GPUs.
struct BlockSpan {
  /// Blocks touched by the group that touches the fewest.
  int fewest = 1;
  /// Blocks touched by the group that touches the most.
  int most = 1;

  bool operator==(const BlockSpan&) const = default;
};

/// How many domains of a level of a cluster the groups of a family touch.
struct LevelSpan {
  /// The least of all groups.
  int fewest = 1;
  /// The most of all groups.
  int most = 1;
  /// The first group that touches the most.
  int worst_group = 0;
  /// The number of groups that touch more than one.
  int crossing_groups = 0;

  bool operator==(const LevelSpan&) const = default;
};

/// The blocks that the groups of a family touch: block b holds the ranks b * block_size ..
/// (b + 1) * block_size - 1.
///
/// The answer depends only on the positions inside a block that groups start at, so the world is not walked:
/// O(block_size * digits * parts) time and O(block_size) memory. Whole groups are one part. Groups that were
/// `cut` have as many as there are different ones, which is few where both the piece and the digits share
/// most factors; for picks, and for groups `split` in another way, each member is a part.
/// @throws RangeError if `block_size` is below 1
[[nodiscard]] BlockSpan block_span(const GroupFamily& family, int block_size);

/// The blocks that one group touches.
struct GroupBlocks {
  /// The lowest.
  int first = 0;
  /// The highest.
  int last = 0;
  /// Their number.
  int count = 1;

  bool operator==(const GroupBlocks&) const = default;
};

/// The blocks that one group touches. Costs as much as `block_span`.
/// @throws RangeError if there is no such group, or `block_size` is below 1
[[nodiscard]] GroupBlocks blocks_of_group(const GroupFamily& family, int group, int block_size);

/// Calls `visit(block)` for each block that one group touches, in ascending order, until it returns false.
/// O(digits) for each block; constant memory, except for groups that were picked from or split.
/// @throws RangeError if there is no such group, or `block_size` is below 1
void for_each_block(const GroupFamily& family, int group, int block_size,
                    const std::function<bool(int)>& visit);

/// Equal blocks of consecutive ranks.
struct RankBlocks {
  /// The first rank of the first block.
  std::int64_t first = 0;
  /// Ranks in each block.
  std::int64_t size = 1;
  /// The number of blocks.
  std::int64_t count = 1;
};

/// The number of members of one group in each block.
///
/// O(blocks * digits). Groups that were split or picked from are walked: O(blocks + members).
/// @param blocks blocks that hold every member of the group
/// @throws RangeError if there is no such group
[[nodiscard]] std::vector<std::int64_t> members_per_block(const GroupFamily& family, int group,
                                                          const RankBlocks& blocks);

}  // namespace rankmesh
