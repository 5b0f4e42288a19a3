// Whether groups that a program computes itself are those of its layout: for its tests.
#include <cstdio>
#include <rankmesh/topology.hpp>

int main() {
  using K = rankmesh::GroupKind;
  const rankmesh::Topology job({.world_size = 8, .tensor = 2, .pipeline = 2});
  // What the program computes; here two tensor groups have exchanged a rank.
  std::vector<rankmesh::KindLists> own = rankmesh::enumerate(job);
  for (auto& [kind, groups] : own) {
    if (kind == K::tensor) std::swap(groups[0][1], groups[1][1]);
  }
  for (const rankmesh::BrokenInvariant& broken : check_invariants(job, own)) {
    std::printf("%s: %s\n", broken.invariant.c_str(), broken.message.c_str());
  }
}
