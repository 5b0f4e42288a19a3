#pragma once

#include <mpi.h>

namespace rankmesh::bringup {

/// The processes that were started together.
struct World {
  int rank = 0;
  int size = 1;

  World() {
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
  }
};

}  // namespace rankmesh::bringup
