#pragma once

#include <cstdint>

#include "rankmesh/topology/group_family.hpp"
#include "rankmesh/topology/rank_list.hpp"

namespace rankmesh::cli {

/// Visits the ranks of a group in order, without a list and without a division per rank: the fastest digit
/// of the group is counted through by adding its stride.
template <typename Visit>
void each_rank(const GroupFamily& family, int group, Visit visit) {
  const RankList ranks = family.group(group);
  const auto inside = family.grouping().inside();
  if (family.positions() || !family.picked().empty() || inside.empty()) {
    for (const int rank : ranks) visit(rank);
    return;
  }
  const Digit run = inside.front();
  const std::int64_t size = ranks.size();
  for (std::int64_t position = 0; position < size; position += run.size) {
    std::int64_t rank = ranks[static_cast<int>(position)];
    for (std::int64_t i = 0; i < run.size; ++i, rank += run.stride) visit(static_cast<int>(rank));
  }
}

}  // namespace rankmesh::cli
