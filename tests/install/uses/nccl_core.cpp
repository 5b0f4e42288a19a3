#include <cstdio>
#include <rankmesh/nccl.hpp>

// Linked only, and without MPI: it runs where there are GPUs.
void bring_up(rankmesh::Bootstrap& bootstrap) {
  rankmesh::nccl::Communicators groups(bootstrap, {.world_size = 8, .tensor = 2, .pipeline = 2});
  std::printf("%d\n", groups.at(rankmesh::GroupKind::data).size);
  groups.close();
}

int main() {}
