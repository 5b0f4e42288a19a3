#pragma once

#include <rapidcheck.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "generators.hpp"
#include "lists.hpp"
#include "rankmesh/topology/group_family.hpp"
#include "rankmesh/topology/rank_list.hpp"

namespace rankmesh::tests {

/// Asserts that every question to a family is answered as its lists say.
inline void assert_agrees(const GroupFamily& family, const Lists& lists) {
  RC_ASSERT(enumerated_lists_of(family) == lists);
  RC_ASSERT(family.group_count() == static_cast<int>(lists.size()));
  std::vector<int> seen(static_cast<std::size_t>(family.world_size()), 0);
  for (int g = 0; g < family.group_count(); ++g) {
    const auto& expected = lists[static_cast<std::size_t>(g)];
    const RankList ranks = family.group(g);
    RC_ASSERT(ranks.to_vector() == expected);
    RC_ASSERT(std::vector<int>(ranks.begin(), ranks.end()) == expected);
    std::vector<int> visited;
    ranks.for_each([&](int rank) { visited.push_back(rank); });
    RC_ASSERT(visited == expected);
    for (int m = 0; m < ranks.size(); ++m) {
      const int rank = expected[static_cast<std::size_t>(m)];
      ++seen[static_cast<std::size_t>(rank)];
      RC_ASSERT(family.locate(rank) == (Place{g, m}));
      RC_ASSERT(family.rank_at({g, m}) == rank);
      RC_ASSERT(ranks[m] == rank);
      RC_ASSERT(ranks.position_of(rank) == m);
    }
  }
  for (int rank = 0; rank < family.world_size(); ++rank) {
    RC_ASSERT(family.locate(rank).has_value() == (seen[static_cast<std::size_t>(rank)] == 1));
  }
  RC_ASSERT(family.covers_world() == std::all_of(seen.begin(), seen.end(), [](int n) { return n == 1; }));
}

/// Some positions of a group, in any order; at least one.
inline std::vector<int> some_positions(int group_size) {
  std::vector<int> all(static_cast<std::size_t>(group_size));
  std::iota(all.begin(), all.end(), 0);
  std::vector<int> positions = some_of(all);
  if (positions.empty()) positions.push_back(*rc::gen::inRange(0, group_size));
  return positions;
}

/// The lists reduced to some positions.
inline Lists picked_lists(const Lists& lists, const std::vector<int>& positions) {
  Lists result;
  for (const auto& list : lists) {
    result.emplace_back();
    for (const int position : positions) result.back().push_back(list[static_cast<std::size_t>(position)]);
  }
  return result;
}

}  // namespace rankmesh::tests
