#pragma once

#include <string>

namespace rankmesh::tests {

/// Lets one call of an MPI function fail on this process, the nth from now on, starting from 1; none if 0.
/// The call does its work, and then reports an error as MPI does: through the error handler of the
/// communicator. Known are the functions that faulty_mpi.cpp replaces. For programs that compile it.
void fail_mpi(const std::string& function, int nth);

/// Whether that call was made.
bool mpi_has_failed();

}  // namespace rankmesh::tests
