#pragma once

#include <cuda_runtime_api.h>
#include <nccl.h>

#include <chrono>
#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "rankmesh/comm/bootstrap.hpp"
#include "rankmesh/comm/communicator_set.hpp"
#include "rankmesh/comm/parts.hpp"
#include "rankmesh/comm/reference_names.hpp"
#include "rankmesh/nccl/communicator.hpp"
#include "rankmesh/nccl/export.hpp"
#include "rankmesh/nccl/host_side.hpp"
#include "rankmesh/nccl/options.hpp"
#include "rankmesh/nccl/stream.hpp"
// Where there is no MPI, the communicators are the same; `MpiWorld` stays incomplete.
#if __has_include(<mpi.h>) && __has_include("rankmesh/mpi/communicators.hpp")
#include "rankmesh/nccl/mpi_world.hpp"
#endif

namespace RANKMESH_NCCL_API rankmesh {
namespace nccl {

struct MpiWorld;

/// The `MPI_Comm` of a kind, if there is one; used like a `std::optional<MPI_Comm>`.
class HostCommunicator {
 public:
  /// None.
  HostCommunicator() noexcept = default;
  /// That of a kind for which this rank has a communicator.
  HostCommunicator(const mpi::Communicators& communicators, GroupKind kind) noexcept
      : communicators_(&communicators),
        kind_(kind) {}

  /// Whether there is one.
  [[nodiscard]] bool has_value() const noexcept { return communicators_ != nullptr; }
  /// The same.
  [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }
  /// The `MPI_Comm`. A template, so that it needs no mpi.h before it is called.
  template <typename Hosts = mpi::Communicators>
  [[nodiscard]] auto value() const {
    if (!has_value()) throw StateError("there is no MPI communicator beside this one");
    return static_cast<const Hosts*>(communicators_)->at(kind_).native();
  }
  /// The same.
  template <typename Hosts = mpi::Communicators>
  [[nodiscard]] auto operator*() const {
    return value<Hosts>();
  }

 private:
  const mpi::Communicators* communicators_ = nullptr;
  GroupKind kind_ = GroupKind::data;
};

/// The communicator of a kind and the place of this rank in it: a view that owns nothing, valid as long as
/// the communicators.
struct KindView : GroupCommunicator<ncclComm_t> {
  /// The stream of this kind, if the options ask for one.
  std::optional<cudaStream_t> stream{};
  /// The `MPI_Comm` over the same members in the same order, if the options ask for it and this rank has a
  /// communicator.
  HostCommunicator host{};
};

/// One `ncclComm_t` for every planned group of this rank, in a job with one process for each GPU. Processes
/// that MPI started meet over a communicator, others over a `Bootstrap`, for example `pmix::Job`.
///
///     rankmesh::nccl::Communicators groups(MPI_COMM_WORLD, {.world_size = 16, .tensor = 2, .pipeline = 4});
///     ncclAllReduce(..., groups.at(rankmesh::GroupKind::tensor).native(), stream);
///     groups.close();
///
/// All ranks agree on the configuration, the options and the version of NCCL before any communicator is made.
/// A failure or a missing rank ends the bring-up of all ranks with the same error, and the communicators made
/// so far are aborted. The communicators are named "kind/group" in NCCL's logs (NCCL 2.27). Needs NCCL 2.18.
///
/// Move-only. The destructor destroys what `close` has not: see `CommunicatorTraits::destroy`.
class Communicators : public ReferenceNames<Communicators> {
 public:
  /// @param world an `MPI_Comm`: an intra-communicator whose ranks are those of the topology
  /// @collective over `world`
  /// @throws DisagreementError on every rank if fields, plan, options or the version of NCCL differ
  /// @throws DeadlineError on every rank that arrived if others did not, or did not finish in time
  /// @throws BringUpError on every rank if a call failed on any rank, or ranks share a GPU
  /// @throws ConfigError, OptionsError on every rank if all agree on an invalid configuration or options
  Communicators(MpiWorld world, const ParallelConfig& config, const Options& options = {});
  /// The same for a job on some ranks of the communicator, for example one of several models side by side.
  /// The other ranks take no part. Errors name the ranks of the communicator. A process uses its current
  /// device, unless `options.device` says otherwise: how many processes its node has is not known.
  /// @param ranks the ranks of `world` that are ranks 0, 1, ... of the topology; the same list on all of
  ///        them
  /// @collective over the ranks of the list
  /// @throws RangeError before any communication, if the list is wrong, see `mpi::require_members`
  Communicators(MpiWorld world, std::span<const int> ranks, const ParallelConfig& config,
                const Options& options = {});
  /// The same over another bootstrap, without MPI: no `MPI_Comm` can be made, and no communicator later than
  /// these.
  /// @collective over the ranks of the bootstrap, which are those of the topology
  Communicators(Bootstrap& bootstrap, const ParallelConfig& config, const Options& options = {});

  /// Takes over communicators that were made elsewhere; see `adopt_communicators`. Compares the number of
  /// members and the position of this rank with the plan; NCCL does not tell which ranks the members are.
  /// @param rank the rank of this process in the world of the plan
  /// @throws StateError naming every communicator that is missing, superfluous or wrong
  [[nodiscard]] static Communicators from_native_handles(
      const CommunicatorPlan& plan, int rank, const std::map<GroupKind, ncclComm_t>& communicators);

  /// The layout.
  [[nodiscard]] const Topology& topology() const& noexcept { return plan().topology(); }
  const Topology& topology() const&& = delete;
  /// The communicators, their order, and which kinds share one.
  [[nodiscard]] const CommunicatorPlan& plan() const& noexcept { return owned_->set.plan(); }
  const CommunicatorPlan& plan() const&& = delete;
  /// The rank in the world of the job.
  [[nodiscard]] int rank() const noexcept { return owned_->set.rank(); }
  /// The device that this process uses. If this rank has no communicator, CUDA was not called: the device of
  /// the options, else the number of the process on its node, without being the current device.
  [[nodiscard]] int device() const noexcept { return owned_->device; }
  /// With `nccl_split`, the communicator that the others were split from; nothing with the other strategies.
  /// A kind whose only group is the whole world uses it too. Nothing after `close`, and after the release of
  /// such a kind.
  [[nodiscard]] std::optional<ncclComm_t> world() const& noexcept;
  std::optional<ncclComm_t> world() const&& = delete;
  /// The `MPI_Comm`s beside the communicators; nothing if the options do not ask for them.
  [[nodiscard]] const std::optional<mpi::Communicators>& host() const& noexcept;
  const std::optional<mpi::Communicators>& host() const&& = delete;

  /// The communicator of a kind, and the place of this rank in it.
  /// @throws RangeError if the topology has no such kind
  /// @throws StateError after `close`, and if the communicator was released
  [[nodiscard]] KindView at(GroupKind kind) const&;
  KindView at(GroupKind kind) const&& = delete;

  /// Makes the communicator of this rank's group of a kind that the option `lazy` names, unless it is made
  /// already: with the checks and the deadline of a bring-up, among the members of the group. Does nothing
  /// for other kinds. The `MPI_Comm` that these were brought up on must still exist. Strategy `nccl_split`
  /// makes it as `unique_id` does.
  /// @collective over the members of the group, if `at(kind)` says `Absence::not_made`
  /// @return `at(kind)`
  /// @throws DisagreementError, DeadlineError, BringUpError on every member, as the constructor does
  KindView make(GroupKind kind);
  /// The communicator over a list of ranks that no formula describes, with the position in the list. It is
  /// that of a kind, or of an earlier list, if these are the members of that communicator in the same order;
  /// else it is made. It stays valid as long as these communicators. The view has no stream and no
  /// `MPI_Comm`.
  /// @param ranks ranks of the topology, each once, in the order of the positions
  /// @collective over the ranks of the list
  /// @throws RangeError before any communication, if the list is wrong, see `mpi::require_members`
  /// @throws DisagreementError, DeadlineError, BringUpError on every member, as the constructor does
  KindView group(std::span<const int> ranks);

  /// Gives the communicator of a kind, and of all kinds that share it, to the caller. Its name stays valid as
  /// long as the process lives.
  /// @throws StateError if this rank has no such communicator
  [[nodiscard]] Communicator release(GroupKind kind);

  /// Finalizes every communicator, waits until all have done so, and destroys them in the reverse order of
  /// creation; then the streams and the `MPI_Comm`s. Does nothing the second time.
  /// @param deadline how long to wait for the other members of a non-blocking communicator;
  ///        `std::chrono::nanoseconds::max()` is for ever
  /// @collective over the ranks of the job
  /// @throws NcclError if finalizing fails or takes longer; the destructor then aborts the communicators
  void close(std::chrono::nanoseconds deadline = std::chrono::minutes(5));

  /// Aborts all communicators, without waiting for another rank: after members were lost. Released ones are
  /// the caller's.
  void abort() noexcept;

 private:
  /// The communicator of MPI that these were brought up on.
  struct Origin;
  /// All resources, in an order in which each is destroyed before those it uses: NCCL keeps pointers to the
  /// names.
  struct Owned {
    /// Null without MPI, and for communicators that were made elsewhere.
    std::shared_ptr<const Origin> origin;
    /// With the full names of kinds.
    Options options;
    int device = 0;
    std::list<std::string> names;
    /// Empty without MPI.
    std::unique_ptr<HostSide> host;
    std::map<GroupKind, UniqueStream> streams;
    bool splits_world;
    /// Empty if a kind whose group is the world has it.
    Communicator world;
    CommunicatorSet<Communicator> set;
  };
  class BringUp;

  friend class Job;
  struct Before;
  /// @param host nothing without MPI
  /// @param before null unless a job goes on
  [[nodiscard]] static std::unique_ptr<Owned> bring_up_over(Bootstrap& bootstrap,
                                                            std::unique_ptr<HostSide> host,
                                                            const ParallelConfig& config,
                                                            const Options& options, const Before* before);
  [[nodiscard]] static std::unique_ptr<Owned> bring_up_over_mpi(Origin origin, const ParallelConfig& config,
                                                                const Options& options,
                                                                const Before* before = nullptr);
  /// Chooses the device of a process that may get communicators later: with the checks and the deadline of a
  /// bring-up that makes none.
  /// @param options the device, whether it may be shared, and those of the bring-up
  /// @collective over the ranks of the bootstrap
  /// @throws DeadlineError, BringUpError the same on every rank
  [[nodiscard]] static int chosen_device(Bootstrap& bootstrap, int ranks, Options options);
  explicit Communicators(std::unique_ptr<Owned> owned) noexcept : owned_(std::move(owned)) {}

  /// Makes the communicator of one group.
  /// @param ranks of the topology
  /// @param kinds the kinds that have this group; errors name the first of them
  [[nodiscard]] Communicators make_group(std::span<const int> ranks, std::span<const GroupKind> kinds,
                                         const AgreementField& field) const;
  /// Ranks of the topology as ranks of the communicator that these were brought up on.
  /// @throws StateError if they were not brought up over MPI
  [[nodiscard]] std::vector<int> in_origin(std::span<const int> ranks) const;

  std::unique_ptr<Owned> owned_;
};

/// Makes a communicator over a list of ranks, which need not follow a formula: with the checks and the
/// deadline of a bring-up, among the ranks of the list. Lists may overlap. Ranks in several lists must call
/// in the same order, as for every collective call. A process uses its current device, unless
/// `options.device` says otherwise.
/// @param world an `MPI_Comm`: an intra-communicator
/// @param ranks ranks of `world`, each once; the position in the list is the rank in the result
/// @param options those of the kind `group` are taken; those of the plan have no effect.
///        Strategy `nccl_split` is `unique_id` here
/// @collective over the ranks of the list
/// @throws RangeError before any communication, if the list is wrong, see `mpi::require_members`
/// @throws DisagreementError, DeadlineError, BringUpError on every member, as those of `Communicators`;
///         a rank that passes another list counts as one that did not arrive
[[nodiscard]] Communicator group(MpiWorld world, std::span<const int> ranks, const Options& options = {});

/// One of several layouts side by side in a job, on the ranks that have it.
using Part = rankmesh::Part<Communicators>;

/// Brings up several layouts side by side, see `mpi::bring_up_parts`.
/// @param parts the layouts, without `rank_offset` and `job_size`
/// @return the part of this rank
/// @collective over `world`, an `MPI_Comm`: an intra-communicator
/// @throws ConfigError on every rank if a part is invalid, or the parts have more or fewer ranks
/// @throws DisagreementError, DeadlineError, BringUpError as the constructor of `Communicators`:
///         on every rank while all agree on the parts, then on every rank of the part
[[nodiscard]] Part bring_up_parts(MpiWorld world, std::span<const ParallelConfig> parts,
                                  const Options& options = {});

/// Waits until a non-blocking communicator is at rest.
/// @param deadline how long; `std::chrono::nanoseconds::max()` is for ever
/// @throws NcclError if it ends in an error, or is not at rest within the deadline
void wait(ncclComm_t communicator, std::chrono::nanoseconds deadline = std::chrono::minutes(5));

}  // namespace nccl
}  // namespace rankmesh
