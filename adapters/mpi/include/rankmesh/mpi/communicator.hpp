#pragma once

#include <mpi.h>

#include "rankmesh/comm/unique_handle.hpp"
#include "rankmesh/mpi/export.hpp"

namespace RANKMESH_MPI_API rankmesh {
namespace mpi {

/// How `UniqueHandle` owns an `MPI_Comm`.
struct CommunicatorTraits {
  /// The type of MPI.
  using Native = MPI_Comm;

  /// The value that means no communicator.
  [[nodiscard]] static MPI_Comm empty() noexcept { return MPI_COMM_NULL; }
  /// Frees the communicator. Does nothing after `MPI_Finalize`. Also does nothing while an exception unwinds
  /// the stack: freeing is collective, and the other members may never call it.
  static void destroy(MPI_Comm communicator, bool unwinding) noexcept;
};

/// The owner of one `MPI_Comm`, move-only.
/// @collective destruction and `reset` are, over the members of the communicator
using Communicator = UniqueHandle<CommunicatorTraits>;

}  // namespace mpi
}  // namespace rankmesh
