#pragma once

#include <mpi.h>

#include <vector>

#include "rankmesh/nccl/communicators.hpp"

namespace rankmesh::nccl {

/// What communicators that are made later are brought up on.
struct Communicators::Origin {
  MPI_Comm communicator = MPI_COMM_NULL;
  /// The ranks of the communicator by rank of the topology; empty if they are the same.
  std::vector<int> members{};
};

}  // namespace rankmesh::nccl
