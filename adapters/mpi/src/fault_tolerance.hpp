#pragma once

#include <mpi.h>

#include <string>

#include "rankmesh/comm/rank_set.hpp"

/// @file
/// What MPI itself knows of processes that have failed: ULFM, which Open MPI 5 has. Without it, and in jobs
/// for which mpiexec has not enabled it, nobody is known to have failed and these functions do nothing.

namespace rankmesh::mpi {

/// Whether MPI tells of failures in this job: the same on all its processes.
[[nodiscard]] bool tells_of_failures() noexcept;

/// Whether a call failed only because some process of its communicator has failed, or may have.
[[nodiscard]] bool is_process_failure(int code) noexcept;

/// Lets receives from any source go on although processes have failed, which may have been the senders. Holds
/// until the next process fails.
void acknowledge_failures(MPI_Comm communicator) noexcept;

/// The ranks of a communicator that are known to have failed, in O(failed processes) time.
/// @throws MpiError
[[nodiscard]] RankSet failed_ranks(MPI_Comm communicator);

/// Makes a communicator without a parent: from one with a failed member, MPI makes none. It must not be
/// revoked, since its processes may know it by different identifiers. A process that dies meanwhile leaves
/// the others in the call.
/// @param members from their communicator, in the order of the new one
/// @param name another one for each call
/// @collective over the members
/// @return an error code of MPI
[[nodiscard]] int create_apart(MPI_Group members, const std::string& name, MPI_Comm& made) noexcept;

/// `MPI_Comm_split`. If a process dies meanwhile, the call fails on all others.
/// @collective over `parent`
/// @return an error code of MPI
[[nodiscard]] int split(MPI_Comm parent, int color, int key, MPI_Comm& made) noexcept;

/// Ends all operations on a communicator with an error, on all of its processes, and all later ones. It can
/// only be freed then.
void revoke(MPI_Comm communicator) noexcept;

}  // namespace rankmesh::mpi
