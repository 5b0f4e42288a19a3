#pragma once

#include <array>
#include <vector>

#include "rankmesh/topology/rank_list.hpp"

namespace rankmesh::mpi {

/// First rank, last rank and stride, as `MPI_Group_range_incl` takes them.
using RankRange = std::array<int, 3>;

/// A group as ranges in the order of its members. Most groups have one stride, and so one range.
/// O(members) time, memory for the ranges alone.
[[nodiscard]] std::vector<RankRange> ranges_of(const RankList& ranks);

}  // namespace rankmesh::mpi
