// Runs the test cases on every rank at the same time. A failure on one rank is a failure on all: the verdict
// is reduced over the world. Checks between collective calls must be CHECK, not REQUIRE, so that no rank
// leaves while others wait for it.

#include <mpi.h>

#include "support/run_catch.hpp"

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int failed = rankmesh::tests::run_catch(argc, argv);
  MPI_Allreduce(MPI_IN_PLACE, &failed, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  MPI_Finalize();
  return failed == 0 ? 0 : 1;
}
