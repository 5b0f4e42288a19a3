#include "rankmesh/mpi/communicator.hpp"

namespace rankmesh::mpi {

void CommunicatorTraits::destroy(MPI_Comm communicator, bool unwinding) noexcept {
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (finalized != 0 || unwinding) return;
  // An error has nowhere to go: it must not end the job through the handler of the communicator.
  MPI_Comm_set_errhandler(communicator, MPI_ERRORS_RETURN);
  MPI_Comm_free(&communicator);
}

}  // namespace rankmesh::mpi
