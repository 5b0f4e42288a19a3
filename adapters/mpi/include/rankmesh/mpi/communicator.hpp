#pragma once

#include <mpi.h>

#include "rankmesh/comm/unique_handle.hpp"
#include "rankmesh/mpi/export.hpp"

namespace RANKMESH_MPI_API rankmesh {
namespace mpi {

/// How an `MPI_Comm` is owned.
struct CommunicatorTraits {
  /// What MPI calls it.
  using Native = MPI_Comm;

  /// What stands for none.
  [[nodiscard]] static MPI_Comm empty() noexcept { return MPI_COMM_NULL; }
  /// Frees the communicator. Does nothing after `MPI_Finalize`, and nothing while an exception unwinds the
  /// stack: freeing is collective, and the other members may never come.
  static void destroy(MPI_Comm communicator, bool unwinding) noexcept;
};

/// The owner of one `MPI_Comm`, move-only.
/// @collective destruction and `reset` are, over the members of the communicator
using Communicator = UniqueHandle<CommunicatorTraits>;

}  // namespace mpi
}  // namespace rankmesh
