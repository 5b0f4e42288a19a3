#include <cstdio>
#include <rankmesh/nccl.hpp>

// Linked only: it runs where there are GPUs.
int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  rankmesh::nccl::Communicators groups(MPI_COMM_WORLD, {.world_size = 8, .tensor = 2, .pipeline = 2});
  std::printf("%d\n", groups.at(rankmesh::GroupKind::data).size);
  groups.close();
  MPI_Finalize();
}
