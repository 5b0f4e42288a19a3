#pragma once

#include <mpi.h>

#include <optional>

#include "rankmesh/mpi/error.hpp"

namespace rankmesh::mpi {

/// @param code what an MPI function returned
/// @param rank the rank that called it, if known
/// @throws MpiError unless the call succeeded
inline void require_success(int code, const char* call, std::optional<int> rank = {}) {
  if (code != MPI_SUCCESS) throw MpiError({.call = call, .code = code, .rank = rank});
}

}  // namespace rankmesh::mpi
