#pragma once

#include <optional>

#include "rankmesh/comm/bring_up_options.hpp"
#include "rankmesh/comm/schedule.hpp"
#include "rankmesh/nccl/export.hpp"
#include "rankmesh/nccl/kind_options.hpp"

namespace RANKMESH_NCCL_API rankmesh {
namespace nccl {

/// How the members of a group come to a communicator: `unique_id`, `mpi_split` or `nccl_split`.
using Strategy = NcclStrategy;
using rankmesh::to_string;

/// Options of a bring-up of NCCL communicators.
struct Options {
  /// The options that MPI communicators have too, `mpi::Options`: deadline, sharing, callbacks.
  BringUpOptions bring_up{};
  /// How the communicators are made.
  Strategy strategy = Strategy::unique_id;
  /// Whether NCCL's calls block until they are done. If false, all communicators of a rank are initialised at
  /// the same time under the deadline, and stay non-blocking: a call on one may return `ncclInProgress`, see
  /// `wait`. If true, they are initialised one after another, and a call that hangs can only be reported, see
  /// `BringUpOptions::on_stuck`.
  bool blocking = false;
  /// How many ranks share a unique ID, at least 1. A larger group is initialised with several IDs, if the
  /// header and the library have `ncclCommInitRankScalable`: NCCL 2.23.
  int ranks_per_identifier = default_ranks_per_identifier;
  /// Options of single kinds.
  KindOptionsMap kinds{};
  /// Whether the communicators split from the world share its resources; strategy `nccl_split` only.
  bool share_split_resources = false;
  /// Whether to make an `MPI_Comm` beside each communicator.
  bool host_communicators = false;
  /// The device of this process; by default the number of the process on its node, modulo the devices that
  /// the process sees.
  std::optional<int> device{};
  /// Whether several ranks may use one GPU. GPUs are compared by their UUIDs.
  bool allow_shared_device = false;
  /// Whether `Job::rebuild` makes the communicator of a group that has only lost members with
  /// `ncclCommShrink`, if the header and the library have it: NCCL 2.27. Without it, all are made from new
  /// unique IDs. docs/recovery.md says what speaks for each.
  bool shrink = false;
};

}  // namespace nccl
}  // namespace rankmesh
