#pragma once

#include <mpi.h>

#include "rankmesh/mpi/export.hpp"

namespace RANKMESH_MPI_API rankmesh {
namespace mpi {

/// The caller's communicator for the time of a bring-up: it returns its errors as long as this lives, and is
/// then as it was before.
class ErrorHandlerGuard {
 public:
  /// @throws StateError outside MPI_Init .. MPI_Finalize, and for a null or an inter-communicator
  explicit ErrorHandlerGuard(MPI_Comm communicator);
  ErrorHandlerGuard(const ErrorHandlerGuard&) = delete;
  ErrorHandlerGuard& operator=(const ErrorHandlerGuard&) = delete;
  ~ErrorHandlerGuard();

  /// The caller's communicator.
  [[nodiscard]] MPI_Comm native() const noexcept { return communicator_; }
  /// Has another communicator treat errors as this one did before.
  void give_original_handler_to(MPI_Comm other) const { MPI_Comm_set_errhandler(other, before_); }

 private:
  MPI_Comm communicator_;
  MPI_Errhandler before_ = MPI_ERRHANDLER_NULL;
};

}  // namespace mpi
}  // namespace rankmesh
