#pragma once

#include <mpi.h>

#include <vector>

#include "rankmesh/mpi/communicators.hpp"

namespace rankmesh::mpi {

/// What communicators that are made later need.
struct Communicators::Origin {
  MPI_Comm communicator = MPI_COMM_NULL;
  /// The ranks of the communicator by rank of the topology; empty if they are the same.
  std::vector<int> members{};
  Options options{};
  /// Whether processes of the communicator may have failed, so that MPI makes no other one from it, see
  /// `create_apart`.
  bool has_failures = false;
};

}  // namespace rankmesh::mpi
