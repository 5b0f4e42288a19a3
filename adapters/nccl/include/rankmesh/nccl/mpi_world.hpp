#pragma once

#include <mpi.h>

#include "rankmesh/mpi/communicators.hpp"
#include "rankmesh/nccl/export.hpp"

namespace RANKMESH_NCCL_API rankmesh {
namespace nccl {

/// The bootstrap over MPI: an `MPI_Comm`, which converts to it. Defined where there is an mpi.h; a program
/// that uses it links `rankmesh::nccl`, not `rankmesh::nccl_core` alone.
struct MpiWorld {
  /// An intra-communicator whose ranks are those of the topology.
  MPI_Comm communicator = MPI_COMM_NULL;

  /// Implicit, so that a communicator can be given where this is expected.
  MpiWorld(MPI_Comm native) noexcept : communicator(native) {}
};

}  // namespace nccl
}  // namespace rankmesh
