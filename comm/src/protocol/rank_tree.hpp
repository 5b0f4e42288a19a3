#pragma once

#include <algorithm>
#include <vector>

namespace rankmesh {

// The tree over 0 .. size - 1 along which messages travel, rooted at 0. Write a node in digits of base
// `radix`: its parent is the node without its lowest digit that is not zero, so the nodes below a node are
// consecutive, the tree is log(size) / log(radix) deep, and no node has more children than radix - 1 for each
// level.

/// A message costs its sender and its receiver some time, and each level the time on the way besides: with a
/// way of a few messages' cost, 4 to 8 is the quickest, and where ranks share cores each level costs a turn
/// of all of them. docs/performance.md has the figures.
constexpr int tree_radix = 8;

/// The largest power of the radix that divides a node: what the lowest digit that is not zero counts.
/// @param node above 0
[[nodiscard]] inline int tree_weight(int node) {
  int weight = 1;
  for (; node % tree_radix == 0; node /= tree_radix) weight *= tree_radix;
  return weight;
}

[[nodiscard]] inline int tree_parent(int node) {
  if (node == 0) return 0;
  const int weight = tree_weight(node);
  return node - node / weight % tree_radix * weight;
}

/// The nodes of the subtree of `node`, itself included: node, node + 1, ..., node + result - 1.
[[nodiscard]] inline int subtree_size(int node, int size) {
  if (node == 0) return size;
  return std::min(tree_weight(node), size - node);
}

/// The children of a node, those with the most nodes below them first.
[[nodiscard]] inline std::vector<int> tree_children(int node, int size) {
  const int subtree = subtree_size(node, size);
  std::vector<int> children;
  for (int weight = 1; weight < subtree; weight *= tree_radix) {
    for (int digit = 1; digit < tree_radix && digit * weight < subtree; ++digit) {
      children.push_back(node + digit * weight);
    }
    if (weight > subtree / tree_radix) break;
  }
  std::reverse(children.begin(), children.end());
  return children;
}

}  // namespace rankmesh
