// Checks the groups that a program computes itself against its layout, for example in a test of the program.
#include <cstdio>
#include <rankmesh/topology.hpp>

int main() {
  using K = rankmesh::GroupKind;
  const rankmesh::Topology job({.world_size = 8, .tensor = 2, .pipeline = 2});
  // In place of the program's own lists: lists in which two tensor groups have exchanged a rank.
  std::vector<rankmesh::KindLists> own = rankmesh::enumerate(job);
  for (auto& [kind, groups] : own) {
    if (kind == K::tensor) std::swap(groups[0][1], groups[1][1]);
  }
  for (const rankmesh::BrokenInvariant& broken : check_invariants(job, own)) {
    std::printf("%s: %s\n", broken.invariant.c_str(), broken.message.c_str());
  }
}
