#pragma once

#include <cuda_runtime_api.h>
#include <mpi.h>
#include <nccl.h>

#include <chrono>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "rankmesh/comm/communicator_set.hpp"
#include "rankmesh/comm/reference_names.hpp"
#include "rankmesh/mpi/communicators.hpp"
#include "rankmesh/nccl/communicator.hpp"
#include "rankmesh/nccl/export.hpp"
#include "rankmesh/nccl/options.hpp"
#include "rankmesh/nccl/stream.hpp"

namespace RANKMESH_NCCL_API rankmesh {
namespace nccl {

/// What one rank has of one kind: a view that owns nothing, valid as long as the communicators it came from.
struct KindView : GroupCommunicator<ncclComm_t> {
  /// The stream of this kind, where one was asked for.
  std::optional<cudaStream_t> stream{};
  /// The `MPI_Comm` over the same members in the same order, where such were asked for and this rank has a
  /// communicator.
  std::optional<MPI_Comm> host{};
};

/// One `ncclComm_t` for every planned group of this rank, in a job that MPI launched, one process for each
/// GPU.
///
///     rankmesh::nccl::Communicators groups(MPI_COMM_WORLD, {.world_size = 16, .tensor = 2, .pipeline = 4});
///     ncclAllReduce(..., groups.at(rankmesh::GroupKind::tensor).native(), stream);
///     groups.close();
///
/// All ranks agree on the configuration, the options and the version of NCCL before anything is made. A
/// failure or a missing rank ends the bring-up of all ranks with the same error, and what was made is
/// aborted. The communicators are named "kind/group" in NCCL's logs (2.27).
///
/// Move-only. What `close` has not destroyed, the destructor does: see `CommunicatorTraits::destroy`.
class Communicators : public ReferenceNames<Communicators> {
 public:
  /// @collective over `communicator`, an intra-communicator whose ranks are those of the topology
  /// @throws DisagreementError on every rank where fields, plan, options or the version of NCCL differ
  /// @throws DeadlineError on every rank that is there where others are not, or do not finish in time
  /// @throws BringUpError on every rank where a call failed on some, or ranks share a GPU
  /// @throws ConfigError, OptionsError on every rank where all agree on an invalid configuration or options
  Communicators(MPI_Comm communicator, const ParallelConfig& config, const Options& options = {});

  /// Takes over communicators that were made elsewhere; see `adopt_communicators`. The number of members and
  /// the position of this rank are compared with the plan; who the members are, NCCL does not tell.
  /// @param rank the rank of this process in the world of the plan
  /// @throws StateError naming every communicator that is missing, superfluous or wrong
  [[nodiscard]] static Communicators from_native_handles(
      const CommunicatorPlan& plan, int rank, const std::map<GroupKind, ncclComm_t>& communicators);

  /// The layout.
  [[nodiscard]] const Topology& topology() const noexcept { return plan().topology(); }
  /// What was made, in which order, and who shares it.
  [[nodiscard]] const CommunicatorPlan& plan() const noexcept { return owned_->set.plan(); }
  /// The rank in the world of the job.
  [[nodiscard]] int rank() const noexcept { return owned_->set.rank(); }
  /// The device that this process uses.
  [[nodiscard]] int device() const noexcept { return owned_->device; }
  /// The communicator that the others were split from; nothing with the other strategies. It serves as the
  /// communicator of kinds whose one group is the whole world, too. Nothing once it was closed, or released
  /// with such a kind.
  [[nodiscard]] std::optional<ncclComm_t> world() const noexcept;
  /// The `MPI_Comm`s beside the communicators; nothing where none were asked for.
  [[nodiscard]] const std::optional<mpi::Communicators>& host() const noexcept { return owned_->host; }

  /// What this rank has of a kind.
  /// @throws RangeError if the topology has no such kind
  /// @throws StateError after `close`, and where the communicator was released
  [[nodiscard]] KindView at(GroupKind kind) const;

  /// Gives up the communicator of a kind, and of all kinds that share it: the caller owns it now. Its name
  /// stays valid as long as the process lives.
  /// @throws StateError where this rank has none of it
  [[nodiscard]] Communicator release(GroupKind kind);

  /// Finalizes every communicator, waits until all have done so, and destroys them in the reverse order of
  /// creation; then the streams and the `MPI_Comm`s. Does nothing the second time.
  /// @param deadline how long to wait for the other members of a non-blocking communicator
  /// @collective over the ranks of the job
  /// @throws NcclError where finalizing fails or takes longer; the communicators are aborted then
  void close(std::chrono::nanoseconds deadline = std::chrono::minutes(5));

 private:
  /// Everything that is owned, in this order, so that what others need dies last: NCCL keeps pointers to the
  /// names.
  struct Owned {
    int device = 0;
    std::list<std::string> names;
    std::optional<mpi::Communicators> host;
    std::map<GroupKind, UniqueStream> streams;
    bool splits_world;
    /// Empty where a kind has it, as the world's group.
    Communicator world;
    CommunicatorSet<Communicator> set;
  };
  class BringUp;

  explicit Communicators(std::unique_ptr<Owned> owned) noexcept : owned_(std::move(owned)) {}

  std::unique_ptr<Owned> owned_;
};

/// Waits until a non-blocking communicator is at rest.
/// @throws NcclError if it ends in an error, or is not at rest within the deadline
void wait(ncclComm_t communicator, std::chrono::nanoseconds deadline = std::chrono::minutes(5));

}  // namespace nccl
}  // namespace rankmesh
