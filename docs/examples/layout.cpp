#include <cstdio>
#include <rankmesh/topology.hpp>

int main() {
  using K = rankmesh::GroupKind;
  const rankmesh::Topology job({.world_size = 16, .tensor = 2, .pipeline = 4});
  for (const int rank : job.group_of(K::model, 5)) std::printf("%d ", rank);
  std::printf("\nrank 5 is in tensor group %d, ", job.family(K::tensor).locate(5)->group);
  std::printf("the next stage is on rank %d\n", job.pipeline().next_rank(5));
}
