#pragma once

#include <algorithm>
#include <vector>

namespace rankmesh {

// The binomial tree over 0 .. size - 1, rooted at 0: the parent of a node is the node without its lowest set
// bit, the nodes below it are consecutive, and no node has more than log2(size) children.

[[nodiscard]] inline int tree_parent(int node) {
  return node & (node - 1);
}

/// The nodes of the subtree of `node`, itself included: node, node + 1, ..., node + result - 1.
[[nodiscard]] inline int subtree_size(int node, int size) {
  if (node == 0) return size;
  return std::min(node & -node, size - node);
}

/// The children of a node, nearest first.
[[nodiscard]] inline std::vector<int> tree_children(int node, int size) {
  const int subtree = subtree_size(node, size);
  std::vector<int> children;
  for (int distance = 1; distance < subtree; distance *= 2) {
    children.push_back(node + distance);
    if (distance > subtree / 2) break;
  }
  return children;
}

}  // namespace rankmesh
