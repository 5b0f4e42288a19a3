#pragma once

#include <mpi.h>
#include <nccl.h>

#include <optional>

#include "rankmesh/comm/agree_on_plan.hpp"
#include "rankmesh/comm/communicator_set.hpp"
#include "rankmesh/comm/reference_names.hpp"
#include "rankmesh/mpi/transport.hpp"
#include "rankmesh/nccl/communicator.hpp"

namespace rankmesh::nccl {

/// How to bring up.
struct Options {
  /// The deadline counts for the whole bring-up, from the arrival of the first rank to the last communicator.
  AgreementOptions agreement{};
  PlanOptions plan{};
  /// The first of the `mpi::MpiTransport::tag_count` tags used on the caller's communicator.
  int first_tag = mpi::MpiTransport::default_first_tag;
  /// The device of this process; by default its number among the processes of its node, modulo the devices it
  /// sees.
  std::optional<int> device{};
  /// Whether several ranks may use one GPU, told by its UUID.
  bool allow_shared_device = false;
};

/// One `ncclComm_t` for every planned group of this rank, in a job that MPI launched, one process for each
/// GPU.
///
///     rankmesh::nccl::Communicators groups(MPI_COMM_WORLD, {.world_size = 16, .tensor = 2, .pipeline = 4});
///     ncclAllReduce(..., groups.at(rankmesh::GroupKind::tensor).native(), stream);
///     groups.close();
///
/// The leader of each group makes a unique ID, all IDs travel in one exchange of point-to-point messages, and
/// a rank initialises all its communicators at the same time, without blocking: a failure or a missing rank
/// ends the bring-up of all ranks with the same error, and what was made is aborted.
///
/// The communicators stay non-blocking, as NCCL has it: a call on one may return `ncclInProgress`, and is
/// then done when `ncclCommGetAsyncError` no longer says so; see `wait`.
class Communicators : public ReferenceNames<Communicators> {
 public:
  /// @collective over `communicator`, an intra-communicator whose ranks are those of the topology
  /// @throws DisagreementError on every rank where fields, plan, world size or the version of NCCL differ
  /// @throws DeadlineError on every rank that is there where others are not, or do not finish in time
  /// @throws BringUpError on every rank where a call failed on some, or ranks share a GPU
  /// @throws ConfigError on every rank where all agree on an invalid configuration
  Communicators(MPI_Comm communicator, const ParallelConfig& config, const Options& options = {});

  [[nodiscard]] const Topology& topology() const noexcept { return plan().topology(); }
  [[nodiscard]] const CommunicatorPlan& plan() const noexcept { return set_.plan(); }
  /// The rank in the world of the job.
  [[nodiscard]] int rank() const noexcept { return set_.rank(); }
  /// The device that this process uses.
  [[nodiscard]] int device() const noexcept { return device_; }

  /// What this rank has of a kind.
  /// @throws RangeError if the topology has no such kind
  [[nodiscard]] GroupCommunicator<ncclComm_t> at(GroupKind kind) const { return set_.at(kind); }

  /// Finalizes every communicator, waits until all have done so, and destroys them in the reverse order of
  /// creation.
  /// @collective over the ranks of the job
  /// @throws NcclError where finalizing fails; the communicators are aborted then
  void close();

 private:
  class BringUp;
  explicit Communicators(BringUp bring_up);

  int device_ = 0;
  CommunicatorSet<Communicator> set_;
};

/// Waits until a non-blocking communicator is at rest.
/// @throws NcclError if it ends in an error
void wait(ncclComm_t communicator);

}  // namespace rankmesh::nccl
