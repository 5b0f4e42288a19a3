// Communicators that outlive MPI: their destructors must do nothing. Exits with 0 on success.

#include <mpi.h>

#include <cstdio>
#include <optional>
#include <stdexcept>

#include "rankmesh/mpi.hpp"

namespace {

/// An exception between bring-up and close must not wait for other ranks: only rank 0 throws, the others
/// continue.
void unwind(const rankmesh::ParallelConfig& config, int rank) {
  try {
    rankmesh::mpi::Communicators groups(MPI_COMM_WORLD, config);
    if (rank == 0) throw std::runtime_error("unwind");
    static_cast<void>(rankmesh::mpi::Communicators(std::move(groups)));
  } catch (const std::runtime_error&) {
    std::puts("unwound");
  }
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank = 0;
  int size = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  const rankmesh::ParallelConfig config{.world_size = size};
  std::optional<rankmesh::mpi::Communicators> survivor;
  survivor.emplace(MPI_COMM_WORLD, config);
  unwind(config, rank);
  MPI_Finalize();
  survivor.reset();
  try {
    rankmesh::mpi::Communicators late(MPI_COMM_WORLD, config);
  } catch (const rankmesh::StateError& error) {
    std::puts(error.what());
    return 0;
  }
  return 1;
}
