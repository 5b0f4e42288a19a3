#pragma once

#include <mpi.h>

namespace rankmesh::mpi {

/// The number of this call on this communicator in this process: 0, 1, 2, ...
/// @throws MpiError
[[nodiscard]] int next_tag_block(MPI_Comm communicator);

}  // namespace rankmesh::mpi
