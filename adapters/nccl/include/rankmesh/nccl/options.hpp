#pragma once

#include <optional>

#include "rankmesh/comm/schedule.hpp"
#include "rankmesh/mpi/options.hpp"
#include "rankmesh/nccl/export.hpp"
#include "rankmesh/nccl/kind_options.hpp"

namespace RANKMESH_NCCL_API rankmesh {
namespace nccl {

/// How the members of a group come to a communicator: `unique_id`, `mpi_split` or `nccl_split`.
using Strategy = NcclStrategy;

/// How to bring up.
struct Options {
  /// Deadline, sharing, callbacks.
  mpi::Options bring_up{};
  /// How the communicators are made.
  Strategy strategy = Strategy::unique_id;
  /// Whether NCCL's calls block until they are done. If not, all communicators of a rank are initialised at
  /// the same time under the deadline, and stay non-blocking: a call on one may return `ncclInProgress`, see
  /// `wait`. If so, they are initialised one after another, and one that hangs can only be reported, see
  /// `mpi::Options::on_stuck`.
  bool blocking = false;
  /// Groups of more ranks than this are initialised with several IDs, one for each so many ranks, where the
  /// header and the library have `ncclCommInitRankScalable`: NCCL 2.23. At least 1.
  int ranks_per_identifier = default_ranks_per_identifier;
  /// What kinds get besides the defaults.
  KindOptionsMap kinds{};
  /// Whether the communicators split from the world share its resources; strategy `nccl_split` only.
  bool share_split_resources = false;
  /// Whether to make an `MPI_Comm` beside each communicator.
  bool host_communicators = false;
  /// The device of this process; by default its number among the processes of its node, modulo the devices it
  /// sees.
  std::optional<int> device{};
  /// Whether several ranks may use one GPU, told by its UUID.
  bool allow_shared_device = false;
};

}  // namespace nccl
}  // namespace rankmesh
