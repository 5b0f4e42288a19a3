#pragma once

#include <mpi.h>

#include "rankmesh/mpi/error.hpp"

namespace rankmesh::mpi {

/// @param code what an MPI function returned
/// @throws MpiError unless the call succeeded
inline void require_success(int code, const char* call) {
  if (code != MPI_SUCCESS) throw MpiError({.call = call, .code = code});
}

}  // namespace rankmesh::mpi
