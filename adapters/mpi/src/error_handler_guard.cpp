#include "rankmesh/mpi/error_handler_guard.hpp"

#include "rankmesh/comm/errors.hpp"
#include "require_success.hpp"

namespace rankmesh::mpi {
namespace {

MPI_Comm require_usable(MPI_Comm communicator) {
  int initialized = 0;
  int finalized = 0;
  MPI_Initialized(&initialized);
  MPI_Finalized(&finalized);
  if (initialized == 0) throw StateError("MPI is not initialised: call MPI_Init before making communicators");
  if (finalized != 0) throw StateError("MPI is finalised already: no communicator can be made");
  if (communicator == MPI_COMM_NULL) throw StateError("the communicator to bring up on is MPI_COMM_NULL");
  int is_inter = 0;
  require_success(MPI_Comm_test_inter(communicator, &is_inter), "MPI_Comm_test_inter");
  if (is_inter != 0) {
    throw StateError("the communicator to bring up on is an inter-communicator: merge it first");
  }
  return communicator;
}

}  // namespace

ErrorHandlerGuard::ErrorHandlerGuard(MPI_Comm communicator) : communicator_(require_usable(communicator)) {
  require_success(MPI_Comm_get_errhandler(communicator_, &before_), "MPI_Comm_get_errhandler");
  if (const int code = MPI_Comm_set_errhandler(communicator_, MPI_ERRORS_RETURN); code != MPI_SUCCESS) {
    MPI_Errhandler_free(&before_);
    require_success(code, "MPI_Comm_set_errhandler");
  }
}

ErrorHandlerGuard::~ErrorHandlerGuard() {
  MPI_Comm_set_errhandler(communicator_, before_);
  MPI_Errhandler_free(&before_);
}

}  // namespace rankmesh::mpi
