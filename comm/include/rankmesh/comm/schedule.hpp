#pragma once

/// @file
/// The steps of a bring-up, as data. The MPI and the NCCL adapter carry out a schedule, and the simulator
/// walks the same one, so what is simulated is what runs.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/comm/agreement.hpp"
#include "rankmesh/comm/export.hpp"
#include "rankmesh/comm/plan.hpp"

namespace RANKMESH_COMM_API rankmesh {

/// When ranks wait for each other before they enter an MPI call that makes communicators.
enum class Arrivals {
  /// Once, before the first call. A failed call is reported at the end of the bring-up. If a rank dies after
  /// the wait, the members of its groups block inside MPI, where the watchdog reports them.
  once,
  /// Before each call. If a rank dies between two calls or its call fails, all other ranks get an error at
  /// the next one. Costs a round of messages for each call, about half of the whole bring-up.
  before_each_step,
};

/// How the members of a group come to an NCCL communicator. The result is the same. docs/guide.md says which
/// to choose.
enum class NcclStrategy {
  /// The leader of each group makes a unique ID; all IDs travel in one exchange of messages.
  unique_id,
  /// An `MPI_Comm` is made for each group first, and the ID is broadcast in it.
  mpi_split,
  /// One communicator over the world is made, and split once for each step of the plan.
  nccl_split,
};

/// `unique_id`, `mpi_split`, `nccl_split`.
[[nodiscard]] std::string_view to_string(NcclStrategy strategy) noexcept;

/// The ranks that share one NCCL unique ID unless the caller says otherwise.
inline constexpr int default_ranks_per_identifier = 128;

/// How many unique IDs a communicator is initialised with: one for every `ranks_per_identifier` members.
/// @param group_size at least 1
/// @param ranks_per_identifier at least 1
[[nodiscard]] constexpr int identifier_count(int group_size, int ranks_per_identifier) noexcept {
  return 1 + (group_size - 1) / ranks_per_identifier;
}

/// What a bring-up of NCCL communicators must have in common on all ranks.
struct NcclScheduleOptions {
  /// The version of the NCCL library, as text: `2.27.3`.
  std::string library_version{};
  /// The version of the header that the adapter was compiled with.
  std::string header_version{};
  /// How the communicators are made.
  NcclStrategy strategy = NcclStrategy::unique_id;
  /// Whether NCCL's calls block until they are done. If so, they are made one after another.
  bool blocking = false;
  /// See `identifier_count`.
  int ranks_per_identifier = default_ranks_per_identifier;
  /// Whether communicators split from the world share its resources.
  bool share_split_resources = false;
  /// Whether an `MPI_Comm` is made beside each communicator.
  bool host_communicators = false;
  /// Whether several ranks may use one GPU.
  bool allow_shared_device = false;
};

/// Whether an `MPI_Comm` is made for each group: as asked, or to broadcast the IDs in.
[[nodiscard]] constexpr bool makes_host_communicators(const NcclScheduleOptions& options) noexcept {
  return options.host_communicators || options.strategy == NcclStrategy::mpi_split;
}

/// What a schedule follows from, besides the plan.
struct ScheduleOptions {
  /// When ranks wait for each other before MPI calls.
  Arrivals arrivals = Arrivals::once;
  /// Whether the job has a callback for calls that do not return. Without it, a rank in a blocking call does
  /// not answer the others.
  bool has_stuck_callback = false;
  /// Whether a duplicate of the caller's communicator is made, also if no group is the whole world.
  bool duplicate_world = false;
  /// How NCCL communicators are made; nothing for a bring-up of MPI communicators alone.
  std::optional<NcclScheduleOptions> nccl{};
};

/// The options as fields to agree on: ranks with different schedules would wait for each other for ever.
[[nodiscard]] std::vector<AgreementField> agreement_fields(const ScheduleOptions& options);

/// One step of a bring-up.
struct BringUpStep {
  /// What a rank does in a step.
  enum class Action {
    /// Agrees with all other ranks on the configuration, the plan and the options.
    agree,
    /// Chooses its GPU, in a call that all ranks make.
    choose_device,
    /// Duplicates the caller's communicator: for a plan step whose only group is the world, or without one.
    duplicate,
    /// Makes the MPI communicator of its group with the other members. Ranks in no group do nothing.
    create_group,
    /// Uses the NCCL communicator over the world for a plan step whose only group is the world.
    use_world,
    /// Makes the unique IDs it leads, and broadcasts and receives IDs with MPI_Bcast.
    broadcast_identifiers,
    /// Makes the unique IDs it leads, and exchanges IDs in messages, see `GroupBroadcast`.
    exchange_identifiers,
    /// Initialises an NCCL communicator from unique IDs: of its group, or of the world without a plan step.
    initialise,
    /// Splits the NCCL communicator over the world into the groups of a plan step.
    split,
    /// Nothing more than to wait until all ranks have come this far without a failure.
    complete,
  };

  /// When a rank may enter a step.
  enum class Entry {
    /// When all ranks have arrived at it without a failure: one round of messages.
    collective,
    /// When the rank has done the step before. Every rank carries out the steps in the same order, so groups
    /// cannot wait for each other in a circle.
    ordered,
    /// As soon as what the step needs is there, beside the other concurrent steps of its block.
    concurrent,
  };

  /// What is done.
  Action action = Action::complete;
  /// When a rank may begin.
  Entry entry = Entry::ordered;
  /// The name in errors and in progress: `device`, `world`, the kind of a plan step.
  std::string name{};
  /// The plan step whose communicators are made; nothing for a step over the world.
  std::optional<std::size_t> plan_step{};
  /// Whether progress is reported when the step is done.
  bool reports_progress = false;

  bool operator==(const BringUpStep&) const = default;
};

/// The steps of a bring-up in the order in which every rank carries them out. Plain data, the same on every
/// rank with the same plan and options.
class Schedule {
 public:
  /// O(plan steps).
  Schedule(const CommunicatorPlan& plan, const ScheduleOptions& options);

  /// All steps; the first is the agreement, the last the completion.
  [[nodiscard]] std::span<const BringUpStep> steps() const& noexcept { return steps_; }
  std::span<const BringUpStep> steps() const&& = delete;
  /// The steps in blocks. A collective or ordered step is a block of its own. Concurrent steps that follow
  /// each other are one block; its last step is a completion, which all ranks reach when they have done the
  /// others.
  [[nodiscard]] std::vector<std::span<const BringUpStep>> blocks() const;
  /// How many steps report progress.
  [[nodiscard]] std::size_t progress_count() const noexcept;

 private:
  std::vector<BringUpStep> steps_;
};

}  // namespace rankmesh
