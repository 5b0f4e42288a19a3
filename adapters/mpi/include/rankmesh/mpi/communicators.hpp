#pragma once

#include <mpi.h>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

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
  /// The same for a job on some ranks of the communicator, for example one of several models side by side.
  /// The other ranks take no part. Errors name the ranks of the communicator.
  /// @param ranks the ranks of `communicator` that are ranks 0, 1, ... of the topology; the same list on
  ///        each of them
  /// @collective over the ranks of the list
  /// @throws RangeError before any communication, if the list is wrong, see `require_members`
  Communicators(MPI_Comm communicator, std::span<const int> ranks, const ParallelConfig& config,
                const Options& options = {});

  /// Makes the communicators step by step, as a part of a bring-up.
  class Builder {
   public:
    /// @param bring_up must outlive this
    /// @param attempt of a job: counts its bring-ups, so that none meets calls that an earlier one has left
    ///        behind
    explicit Builder(BringUp& bring_up, std::optional<int> attempt = {});
    Builder(const Builder&) = delete;
    Builder& operator=(const Builder&) = delete;
    ~Builder();

    /// Carries out a step that duplicates the caller's communicator or creates that of a group.
    /// @collective over the ranks of the job, if the step is; else over the group of this rank
    /// @throws DeadlineError, BringUpError the same on every rank, if the step is collective
    void carry_out(const BringUpStep& step);
    /// Makes a communicator over all ranks that take part, apart from the steps. Returns why it could not.
    /// @collective over the ranks of the job
    [[nodiscard]] std::optional<std::string> make_over_all(Communicator& made) const;
    /// Makes no communicator for some steps, since the caller has it already; the same steps on all members
    /// of each group.
    /// @param kept by step of the plan, whether the caller has it
    void keep(std::vector<bool> kept);
    /// What was made, once all ranks are known to have completed the steps.
    /// @param kept called for each step that was kept, for the communicator
    [[nodiscard]] Communicators take(const std::function<Communicator(std::size_t step)>& kept = {});

   private:
    friend Communicators;
    struct State;
    /// Makes the communicators in a way that works where processes of the caller's communicator have failed.
    /// All ranks take part in each step.
    void expect_failures();
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

  /// Makes the communicator of this rank's group of a kind that the option `lazy` names, unless it is made
  /// already: with the checks and the deadline of a bring-up, among the members of the group. Does nothing
  /// for other kinds. The communicator that these were brought up on must still exist.
  /// @collective over the members of the group, if `at(kind)` says `Absence::not_made`
  /// @return `at(kind)`
  /// @throws DisagreementError, DeadlineError, BringUpError on every member, as the constructor does
  GroupCommunicator<MPI_Comm> make(GroupKind kind);
  /// The communicator over a list of ranks that no formula describes, with the position in the list. It is
  /// that of a kind, or of an earlier list, if these are the members of that communicator in the same order;
  /// else it is made. It stays valid as long as these communicators.
  /// @param ranks ranks of the topology, each once, in the order of the positions
  /// @collective over the ranks of the list
  /// @throws RangeError before any communication, if the list is wrong, see `require_members`
  /// @throws DisagreementError, DeadlineError, BringUpError on every member, as the constructor does
  GroupCommunicator<MPI_Comm> group(std::span<const int> ranks);
  /// Takes over the communicator of a kind for which `at` says `Absence::not_made`.
  /// @throws StateError for any other kind
  void adopt(GroupKind kind, Communicator made) { set_.add(kind, std::move(made)); }

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
  friend Communicator group(MPI_Comm, std::span<const int>, const Options&);
  friend class Job;
  struct Origin;
  /// Communicators that were made before, and the process of each rank of their plan.
  struct Before {
    Communicators& communicators;
    const std::vector<int>& process_of_rank;
  };

  Communicators(Communicator world, CommunicatorSet<Communicator> set);
  /// @param before loses the communicators that are kept, see `kept_steps`
  [[nodiscard]] static Communicators brought_up(Origin origin, const ParallelConfig& config,
                                                const Before* before = nullptr);
  /// Makes one communicator over a list of ranks, the members of an origin, under the name of a kind.
  [[nodiscard]] static Communicator list_communicator(Origin origin, GroupKind kind);
  /// What makes a communicator over ranks of the topology as these were made.
  /// @throws StateError if they were made elsewhere
  [[nodiscard]] Origin origin_of(std::span<const int> ranks) const;

  std::shared_ptr<const Origin> origin_{};
  // In this order, so that the duplicate is freed last. Empty if a kind whose group is the world has it.
  Communicator world_;
  CommunicatorSet<Communicator> set_;
};

/// Checks a list of ranks that are to communicate.
/// @throws RangeError if it is empty, names a rank twice or one that the communicator does not have, or lacks
///         this rank
void require_members(MPI_Comm communicator, std::span<const int> ranks);

/// Makes a communicator over a list of ranks, which need not follow a formula: with the checks and the
/// deadline of a bring-up, among the ranks of the list. Lists may overlap. Ranks in several lists must call
/// in the same order, as for every collective call.
///
///     const std::vector<int> ranks{0, 1, 5};
///     rankmesh::mpi::Communicator neighbours = rankmesh::mpi::group(MPI_COMM_WORLD, ranks);
///
/// @param communicator an intra-communicator
/// @param ranks ranks of the communicator, each once; the position in the list is the rank in the result
/// @param options those of the plan have no effect
/// @collective over the ranks of the list
/// @throws RangeError before any communication, if the list is wrong, see `require_members`
/// @throws DisagreementError, DeadlineError, BringUpError on every member, as those of `Communicators`;
///         a rank that passes another list counts as one that did not arrive
[[nodiscard]] Communicator group(MPI_Comm communicator, std::span<const int> ranks,
                                 const Options& options = {});

}  // namespace mpi
}  // namespace rankmesh
