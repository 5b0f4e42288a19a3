#pragma once

#include <mpi.h>

#include <span>

#include "rankmesh/comm/parts.hpp"
#include "rankmesh/mpi/communicators.hpp"
#include "rankmesh/mpi/export.hpp"

namespace RANKMESH_MPI_API rankmesh {
namespace mpi {

/// One of several layouts side by side in a job, on the ranks that have it.
using Part = rankmesh::Part<Communicators>;

/// Agrees on layouts side by side, see `bring_up_parts`.
/// @return which of them this rank has
/// @collective over `communicator`, an intra-communicator
/// @throws DisagreementError, DeadlineError, ConfigError the same on every rank
[[nodiscard]] PartOfRank agree_on_parts(MPI_Comm communicator, std::span<const ParallelConfig> parts,
                                        const Options& options = {});

/// Brings up several layouts side by side: part 0 on the first ranks of the communicator, part 1 on the next
/// ones, and so on. For example, a model that learns beside one that generates, or several replicas of one
/// layout that know nothing of each other.
///
///     const std::vector<ParallelConfig> parts{{.world_size = 8, .tensor = 2},
///                                             {.world_size = 4, .tensor = 4}};
///     rankmesh::mpi::Part part = rankmesh::mpi::bring_up_parts(MPI_COMM_WORLD, parts);
///
/// All ranks agree on all parts; then each part is brought up by its own ranks. A part that fails does not
/// end the others. The parts must have exactly the ranks of the communicator.
/// @param parts the layouts, without `rank_offset` and `job_size`
/// @return the part of this rank
/// @collective over `communicator`, an intra-communicator
/// @throws ConfigError on every rank if a part is invalid, or the parts have more or fewer ranks
/// @throws DisagreementError, DeadlineError, BringUpError as the constructor of `Communicators`:
///         on every rank while all agree on the parts, then on every rank of the part
[[nodiscard]] Part bring_up_parts(MPI_Comm communicator, std::span<const ParallelConfig> parts,
                                  const Options& options = {});

}  // namespace mpi
}  // namespace rankmesh
