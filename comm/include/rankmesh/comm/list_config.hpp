#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "rankmesh/comm/export.hpp"
#include "rankmesh/topology/group_kind.hpp"
#include "rankmesh/topology/parallel_config.hpp"

namespace RANKMESH_COMM_API rankmesh {

/// The layout of a job whose ranks are all in one group, which is that of each of these kinds: what an
/// adapter brings up to make a communicator over a list of ranks.
[[nodiscard]] ParallelConfig list_config(std::span<const GroupKind> kinds, std::size_t size);
/// The same for one kind.
[[nodiscard]] inline ParallelConfig list_config(GroupKind kind, std::size_t size) {
  return list_config(std::span(&kind, 1), size);
}

/// Checks a list of ranks that are to communicate.
/// @param own the rank of this process
/// @param size the number of ranks to choose from
/// @throws RangeError if the list is empty, names a rank twice or one that does not exist, or lacks this rank
void check_members(std::span<const int> ranks, int own, int size);

/// Ranks of a job on some ranks of a communicator, as ranks of the communicator.
/// @param members the ranks of the communicator that are ranks 0, 1, ... of the job; empty for all
[[nodiscard]] std::vector<int> ranks_of_members(std::span<const int> members, std::span<const int> ranks);

}  // namespace rankmesh
