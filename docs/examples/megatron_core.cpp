// Lists the ranks of a group of Megatron-Core. docs/migration.md shows the lines of `main`.
#include <cstdio>
#include <rankmesh/topology.hpp>

int main() {
  const int rank = 5;
  // clang-format off
  const rankmesh::Topology job({.world_size = 64, .tensor = 2, .pipeline = 2,
                                .convention = rankmesh::Convention::megatron_core, .context = 4, .expert = 4});
  const rankmesh::RankList group = job.group_of(rankmesh::GroupKind("dp_cp"), rank);  // or "data_context"
  // clang-format on
  for (const int member : group) std::printf("%d ", member);
  std::printf("\n");
}
