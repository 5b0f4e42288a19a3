#pragma once

#include <mpi.h>

#include "rankmesh/comm/place_ranks.hpp"
#include "rankmesh/mpi/communicator.hpp"
#include "rankmesh/mpi/export.hpp"
#include "rankmesh/mpi/options.hpp"

namespace RANKMESH_MPI_API rankmesh {
namespace mpi {

/// Options of `place`.
struct PlaceOptions {
  /// The deadline of all of `place`, the tags, the job's own fields, the callback for stuck calls, and the
  /// host of this process. The other ones have no effect.
  Options bring_up{};
  /// What a placement costs: the same on every rank, which is checked. Without kinds: those of
  /// `default_weights`. The levels are `node` and, if ranks have an NVLink fabric, `nvlink`.
  PlacementWeights weights{};
};

/// The ranks of a job with new numbers.
struct Placed {
  /// The caller's processes, numbered by the placement. It has the error handler of the caller's
  /// communicator.
  Communicator communicator;
  /// The cluster, the number that each rank had before, and what is gained.
  NewRanks ranks;
};

/// Numbers the processes of a job that runs so that the groups of a layout cross as few hosts as possible:
/// rank r of the new communicator is on the slot that `best_placement` gives it on the hosts that are found.
/// If that costs no less than the numbers of `communicator`, these are kept.
///
///     rankmesh::mpi::Placed placed = rankmesh::mpi::place(MPI_COMM_WORLD, layout);
///     rankmesh::mpi::Communicators groups(placed.communicator.native(), layout);
///
/// All ranks learn the hosts of all, and each computes the same numbers, which is checked, so the result is
/// the same everywhere and in each run on the same hosts. `HostIdentity` says what a host is;
/// `MPI_COMM_TYPE_SHARED` is not asked.
///
/// On average, a rank sends two messages for each of three agreements and two to exchange the hosts, along a
/// tree in O(log N) steps; then it takes part in `group`. A message with hosts has each of them once, and 16
/// bytes for each change of the host from one rank to the next.
/// @param communicator an intra-communicator whose ranks are those of the job
/// @collective over `communicator`
/// @throws DisagreementError on every rank if layouts, weights or the job's fields differ
/// @throws HostError on every rank if hosts contradict each other, see `find_hosts`
/// @throws DeadlineError on every rank that arrived if others did not, or died
/// @throws BringUpError on every rank if a call of MPI failed on any
/// @throws ConfigError, RangeError on every rank if all agree on a layout that is invalid, or on weights of a
///         kind or level that does not exist
/// @throws StateError outside MPI_Init .. MPI_Finalize
[[nodiscard]] Placed place(MPI_Comm communicator, const ParallelConfig& config,
                           const PlaceOptions& options = {});

/// The hosts on which the ranks of a communicator run. Makes no communicator.
/// @param communicator an intra-communicator
/// @collective over `communicator`
/// @throws DisagreementError, DeadlineError, HostError, StateError as `place`
[[nodiscard]] FoundHosts find_hosts(MPI_Comm communicator, const Options& options = {});

}  // namespace mpi
}  // namespace rankmesh
