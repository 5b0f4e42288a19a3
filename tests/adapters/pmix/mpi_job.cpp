// The NCCL communicators of pmix_job, brought up over MPI; then agreements over PMIx in the same processes.
//   mpiexec -n 4 pmix_mpi_job FOLDER WHAT

#include <mpi.h>

#include <fstream>
#include <string>

#include "groups.hpp"
#include "rankmesh/nccl.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank = 0;
  int size = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  std::string text;
  for (const ParallelConfig& config : layouts(size)) {
    for (int i = 0; i < 4; ++i) {
      nccl::Communicators groups(MPI_COMM_WORLD, config);
      text += groups_text(groups);
      groups.close();
    }
  }
  std::ofstream(std::string(argv[1]) + "/" + std::to_string(rank)) << text;
  MPI_Finalize();
}
