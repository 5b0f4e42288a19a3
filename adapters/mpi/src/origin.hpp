#pragma once

#include <mpi.h>

#include <optional>
#include <vector>

#include "rankmesh/mpi/communicators.hpp"

namespace rankmesh::mpi {

/// What communicators that are made later need.
struct Communicators::Origin {
  MPI_Comm communicator = MPI_COMM_NULL;
  /// The ranks of the communicator by rank of the topology; empty if they are the same.
  std::vector<int> members{};
  Options options{};
  /// Of a job: 0 at its start, then `Attempt::ordinal`.
  std::optional<int> attempt{};
  /// Whether processes of the communicator may have failed, so that MPI makes no other one from it, see
  /// `create_apart`.
  bool has_failures = false;
};

}  // namespace rankmesh::mpi
