#pragma once

#include <vector>

#include "rankmesh/topology/group_family.hpp"
#include "rankmesh/topology/rank_list.hpp"

namespace rankmesh::tests {

using Lists = std::vector<std::vector<int>>;

/// Every list of a family, asked for rank by rank.
inline Lists lists_of(const GroupFamily& family) {
  Lists lists;
  for (int g = 0; g < family.group_count(); ++g) {
    const RankList ranks = family.group(g);
    lists.emplace_back(ranks.begin(), ranks.end());
  }
  return lists;
}

/// Every list of a family, asked for at once.
inline Lists enumerated_lists_of(const GroupFamily& family) {
  std::vector<int> flat(static_cast<std::size_t>(family.member_count()));
  family.enumerate(flat);
  Lists lists;
  for (auto next = flat.begin(); next != flat.end(); next += family.group_size()) {
    lists.emplace_back(next, next + family.group_size());
  }
  return lists;
}

}  // namespace rankmesh::tests
