#pragma once

#include <mpi.h>

namespace rankmesh::mpi {

/// The number of the next block of tags on a communicator: 0, 1, 2, ... in the order of the calls.
/// @throws MpiError
[[nodiscard]] int next_tag_block(MPI_Comm communicator);

}  // namespace rankmesh::mpi
