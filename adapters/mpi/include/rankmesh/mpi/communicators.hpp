#pragma once

#include <mpi.h>

#include <map>
#include <memory>

#include "rankmesh/comm/communicator_set.hpp"
#include "rankmesh/comm/plan.hpp"
#include "rankmesh/comm/reference_names.hpp"
#include "rankmesh/mpi/bring_up.hpp"
#include "rankmesh/mpi/communicator.hpp"
#include "rankmesh/mpi/export.hpp"
#include "rankmesh/mpi/options.hpp"

namespace RANKMESH_MPI_API rankmesh {
namespace mpi {

/// One `MPI_Comm` for every planned group of this rank.
///
///     rankmesh::mpi::Communicators groups(MPI_COMM_WORLD, {.world_size = 16, .tensor = 2, .pipeline = 4});
///     MPI_Allreduce(..., groups.at(rankmesh::GroupKind::tensor).native());
///
/// The position in a communicator is the position in the rank list. No communicator is made before all ranks
/// have arrived and agree. The caller's communicator is not changed. Each group is made by its members alone,
/// from ranges of ranks: a rank takes part in, and holds lists of, its own groups only. All ranks carry out
/// the steps in one order, so groups cannot wait for each other in a circle.
class Communicators : public ReferenceNames<Communicators> {
 public:
  /// Agrees, and makes the communicator of this rank's group in each step of the plan.
  /// @collective over `communicator`, an intra-communicator whose ranks are those of the topology
  /// @throws DisagreementError on every rank if fields, plan or world size differ
  /// @throws DeadlineError on every rank that arrived if others did not
  /// @throws BringUpError on every rank if a call failed or the progress callback threw on any rank
  /// @throws ConfigError on every rank if all agree on an invalid configuration
  /// @throws StateError outside MPI_Init .. MPI_Finalize
  Communicators(MPI_Comm communicator, const ParallelConfig& config, const Options& options = {});

  /// Makes the communicators step by step, as a part of a bring-up.
  class Builder {
   public:
    /// @param bring_up must outlive this
    explicit Builder(BringUp& bring_up);
    Builder(const Builder&) = delete;
    Builder& operator=(const Builder&) = delete;
    ~Builder();

    /// Carries out a step that duplicates the caller's communicator or creates that of a group.
    /// @collective over the ranks of the job, if the step is; else over the group of this rank
    /// @throws DeadlineError, BringUpError the same on every rank, if the step is collective
    void carry_out(const BringUpStep& step);
    /// What was made, once all ranks are known to have completed the steps.
    [[nodiscard]] Communicators take();

   private:
    struct State;
    std::unique_ptr<State> state_;
  };

  /// Takes over communicators that were made elsewhere; see `adopt_communicators`. Compares the members of
  /// each and their order with the plan, without communication.
  /// @param world the communicator over all ranks of the plan; taken over too
  /// @throws StateError naming every communicator that is missing, superfluous or wrong, and if the world is
  ///         MPI_COMM_NULL or an inter-communicator
  [[nodiscard]] static Communicators from_native_handles(const CommunicatorPlan& plan, MPI_Comm world,
                                                         const std::map<GroupKind, MPI_Comm>& communicators);

  /// The layout.
  [[nodiscard]] const Topology& topology() const& noexcept { return plan().topology(); }
  const Topology& topology() const&& = delete;
  /// The communicators, their order, and which kinds share one.
  [[nodiscard]] const CommunicatorPlan& plan() const& noexcept { return set_.plan(); }
  const CommunicatorPlan& plan() const&& = delete;
  /// The rank in the world of the job.
  [[nodiscard]] int rank() const noexcept { return set_.rank(); }
  /// A duplicate of the caller's communicator. It exists if the only group of some kind is the whole world,
  /// which then shares it, or with `Options::duplicate_world`. Otherwise, after `close` and after the release
  /// of that kind: MPI_COMM_NULL.
  [[nodiscard]] MPI_Comm world() const& noexcept;
  MPI_Comm world() const&& = delete;

  /// The communicator of a kind, and the place of this rank in it.
  /// @throws RangeError if the topology has no such kind
  [[nodiscard]] GroupCommunicator<MPI_Comm> at(GroupKind kind) const& { return set_.at(kind); }
  GroupCommunicator<MPI_Comm> at(GroupKind kind) const&& = delete;

  /// Gives the communicator of a kind, and of all kinds that share it, to the caller.
  /// @throws StateError if this rank has no such communicator
  [[nodiscard]] Communicator release(GroupKind kind) { return set_.release(kind); }

  /// The host-side group of the distributed optimizer: the kind `data` itself, which is on the host already.
  [[nodiscard]] GroupCommunicator<MPI_Comm> data_parallel_host() const& { return at(GroupKind::data); }
  GroupCommunicator<MPI_Comm> data_parallel_host() const&& = delete;

  /// Frees all communicators in the reverse order of creation. The destructor does the same, except while an
  /// exception unwinds the stack: then it frees none.
  /// @collective over the caller's communicator
  void close() noexcept;

 private:
  Communicators(Communicator world, CommunicatorSet<Communicator> set);

  // In this order, so that the duplicate is freed last. Empty if a kind whose group is the world has it.
  Communicator world_;
  CommunicatorSet<Communicator> set_;
};

}  // namespace mpi
}  // namespace rankmesh
