#pragma once

#include <mpi.h>

#include "rankmesh/mpi/export.hpp"

namespace RANKMESH_MPI_API rankmesh {
namespace mpi {

/// Makes a communicator return its errors as long as this object lives, and restores its error handler
/// afterwards.
class ErrorHandlerGuard {
 public:
  /// @throws StateError outside MPI_Init .. MPI_Finalize, and for a null or an inter-communicator
  /// @throws MpiError if its error handler cannot be read or set
  explicit ErrorHandlerGuard(MPI_Comm communicator);
  ErrorHandlerGuard(const ErrorHandlerGuard&) = delete;
  ErrorHandlerGuard& operator=(const ErrorHandlerGuard&) = delete;
  ~ErrorHandlerGuard();

  /// The communicator.
  [[nodiscard]] MPI_Comm native() const noexcept { return communicator_; }
  /// Sets the error handler that the communicator had before.
  void give_original_handler_to(MPI_Comm other) const { MPI_Comm_set_errhandler(other, before_); }

 private:
  MPI_Comm communicator_;
  MPI_Errhandler before_ = MPI_ERRHANDLER_NULL;
};

}  // namespace mpi
}  // namespace rankmesh
