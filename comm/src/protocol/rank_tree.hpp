#pragma once

#include <algorithm>
#include <vector>

#include "rankmesh/comm/agreement_session.hpp"
#include "rankmesh/comm/rank_set.hpp"

namespace rankmesh {

// The tree over 0 .. size - 1 along which messages travel, rooted at 0. The parent of a node is its number
// with the lowest nonzero digit in base `radix` set to zero. So the nodes of a subtree are consecutive, the
// tree is log(size) / log(radix) deep, and a node has at most radix - 1 children for each level.

/// A larger radix means more messages at each node and fewer levels. With a latency of a few times the cost
/// of a message, 4 to 8 is fastest; if ranks share cores, each level costs a turn of all of them, which
/// favours 8. docs/performance.md has the figures.
constexpr int tree_radix = MessagePaths{}.tree_radix;

/// The place value of the lowest nonzero digit of a node: the largest power of the radix that divides it.
/// @param node above 0
[[nodiscard]] inline int tree_weight(int node, int radix = tree_radix) {
  int weight = 1;
  for (; node % radix == 0; node /= radix) weight *= radix;
  return weight;
}

[[nodiscard]] inline int tree_parent(int node, int radix = tree_radix) {
  if (node == 0) return 0;
  const int weight = tree_weight(node, radix);
  return node - node / weight % radix * weight;
}

/// The size of the subtree of `node`, which has the nodes node, node + 1, ..., node + result - 1.
[[nodiscard]] inline int subtree_size(int node, int size, int radix = tree_radix) {
  if (node == 0) return size;
  return std::min(tree_weight(node, radix), size - node);
}

/// The children of a node, those with the largest subtrees first.
[[nodiscard]] inline std::vector<int> tree_children(int node, int size, int radix = tree_radix) {
  const int subtree = subtree_size(node, size, radix);
  std::vector<int> children;
  for (int weight = 1; weight < subtree; weight *= radix) {
    for (int digit = 1; digit < radix && digit * weight < subtree; ++digit) {
      children.push_back(node + digit * weight);
    }
    if (weight > subtree / radix) break;
  }
  std::reverse(children.begin(), children.end());
  return children;
}

/// The children of a node in the tree without some ranks: the children of a rank that is left out take its
/// place. O(result + radix * depth for each rank left out).
[[nodiscard]] inline std::vector<int> tree_children_without(const RankSet& left_out, int node, int size,
                                                            int radix = tree_radix) {
  std::vector<int> waiting = tree_children(node, size, radix);
  if (left_out.empty()) return waiting;
  std::vector<int> found;
  while (!waiting.empty()) {
    const int child = waiting.back();
    waiting.pop_back();
    if (!left_out.contains(child)) {
      found.push_back(child);
      continue;
    }
    for (const int below : tree_children(child, size, radix)) waiting.push_back(below);
  }
  std::sort(found.begin(), found.end(), [&](int a, int b) {
    const int of_a = subtree_size(a, size, radix), of_b = subtree_size(b, size, radix);
    return of_a != of_b ? of_a > of_b : a > b;
  });
  return found;
}

}  // namespace rankmesh
