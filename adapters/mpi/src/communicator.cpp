#include "rankmesh/mpi/communicator.hpp"

namespace rankmesh::mpi {

void CommunicatorTraits::destroy(MPI_Comm communicator, bool unwinding) noexcept {
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (finalized != 0 || unwinding) return;
  MPI_Comm_free(&communicator);
}

}  // namespace rankmesh::mpi
