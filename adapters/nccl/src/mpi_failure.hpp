#pragma once

#include <string>

#include "rankmesh/mpi/error.hpp"

namespace rankmesh::nccl {

/// The message about a call of MPI that returned an error code.
inline std::string mpi_failure(const char* call, int code) {
  return mpi::MpiError({.call = call, .code = code}).what();
}

}  // namespace rankmesh::nccl
