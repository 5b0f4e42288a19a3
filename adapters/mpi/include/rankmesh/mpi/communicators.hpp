#pragma once

#include <mpi.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string_view>

#include "rankmesh/comm/agree_on_plan.hpp"
#include "rankmesh/comm/communicator_set.hpp"
#include "rankmesh/comm/plan.hpp"
#include "rankmesh/comm/reference_names.hpp"
#include "rankmesh/mpi/communicator.hpp"
#include "rankmesh/mpi/transport.hpp"

namespace rankmesh::mpi {

/// A part of the bring-up that is done.
struct Progress {
  /// Parts done, this one included, and parts in all: the agreement, the duplicate and every step of the
  /// plan.
  std::size_t done = 0;
  std::size_t total = 0;
  /// What was done: `agreement`, `duplicate` or the kind of a step.
  std::string_view part;
  /// What it took on this rank.
  std::chrono::nanoseconds elapsed{0};
};

/// How to bring up.
struct Options {
  AgreementOptions agreement{};
  PlanOptions plan{};
  /// The first of the `MpiTransport::tag_count` tags used on the caller's communicator.
  int first_tag = MpiTransport::default_first_tag;
  /// Called on every rank after every part.
  std::function<void(const Progress&)> on_progress{};
};

/// One `MPI_Comm` for every planned group of this rank.
///
///     rankmesh::mpi::Communicators groups(MPI_COMM_WORLD, {.world_size = 16, .tensor = 2, .pipeline = 4});
///     MPI_Allreduce(..., groups.at(rankmesh::GroupKind::tensor).native());
///
/// Position in a communicator = position in the rank list. Nothing is made before all ranks are known to be
/// here and to agree. The caller's communicator is left as it was found; its duplicate is the parent of all
/// others.
class Communicators : public ReferenceNames<Communicators> {
 public:
  /// Agrees, duplicates, and splits once for each step of the plan.
  /// @collective over `communicator`, an intra-communicator whose ranks are those of the topology
  /// @throws DisagreementError on every rank where fields, plan or world size differ
  /// @throws DeadlineError on every rank that is there where others are not
  /// @throws ConfigError on every rank where all agree on an invalid configuration
  /// @throws MpiError where an MPI call fails
  /// @throws StateError outside MPI_Init .. MPI_Finalize
  Communicators(MPI_Comm communicator, const ParallelConfig& config, const Options& options = {});

  [[nodiscard]] const Topology& topology() const noexcept { return plan().topology(); }
  [[nodiscard]] const CommunicatorPlan& plan() const noexcept { return set_.plan(); }
  /// The rank in the world of the job.
  [[nodiscard]] int rank() const noexcept { return set_.rank(); }
  /// The duplicate of the caller's communicator.
  [[nodiscard]] MPI_Comm world() const noexcept { return world_.native(); }

  /// What this rank has of a kind.
  /// @throws RangeError if the topology has no such kind
  [[nodiscard]] GroupCommunicator<MPI_Comm> at(GroupKind kind) const { return set_.at(kind); }

  /// The host-side group of the distributed optimizer: the kind `data` itself, which is on the host already.
  [[nodiscard]] GroupCommunicator<MPI_Comm> data_parallel_host() const { return at(GroupKind::data); }

  /// Frees all communicators in the reverse order of creation. A destructor does the same.
  /// @collective over the caller's communicator
  void close() noexcept;

 private:
  class BringUp;
  explicit Communicators(BringUp bring_up);

  // In this order, so that the duplicate dies last.
  Communicator world_;
  CommunicatorSet<Communicator> set_;
};

}  // namespace rankmesh::mpi
