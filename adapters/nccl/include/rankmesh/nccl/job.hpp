#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "rankmesh/comm/job_control.hpp"
#include "rankmesh/nccl/communicators.hpp"
#include "rankmesh/nccl/export.hpp"
#include "rankmesh/nccl/options.hpp"

namespace RANKMESH_NCCL_API rankmesh {
namespace nccl {

/// `mpi::Job` with communicators of NCCL: a job that goes on when processes die. Where nothing else is said,
/// a function is the one of `mpi::Job`, with the same errors.
///
/// Communicators are made without blocking, and no call of MPI that could wait for a lost process is made
/// after the start: a process may die at any moment of a rebuild.
class Job {
 public:
  /// Chooses the devices of all processes, idle ones too, and brings up the layout on the first processes.
  /// @param world an `MPI_Comm`
  /// @param options of this and of all later bring-ups; non-blocking, with the strategy `unique_id` and
  ///        without host communicators
  /// @collective over `world`
  /// @throws OptionsError on every process if the options ask for anything else
  /// @throws ConfigError, DisagreementError, DeadlineError, BringUpError as the constructor of
  ///         `Communicators`, on idle processes too
  Job(MpiWorld world, const ParallelConfig& config, const Options& options = {});
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  ~Job();

  /// The processes and the layout.
  [[nodiscard]] const Generation& generation() const& noexcept;
  const Generation& generation() const&& = delete;
  /// The number of this process.
  [[nodiscard]] int process() const noexcept;
  /// Whether this process has no rank.
  [[nodiscard]] bool is_idle() const noexcept;
  /// The device of this process, also if it is idle.
  [[nodiscard]] int device() const noexcept;
  /// The communicators of this process. They are others after a rebuild, and so are their streams.
  /// @throws StateError if it is idle, or a rebuild has failed
  [[nodiscard]] Communicators& communicators() &;

  /// Finds out which processes are lost, makes the communicators of the next generation, and proves each by
  /// a sum that only its members in their order can give. A group of the
  /// same processes in the same order keeps its communicator, if on every member it is neither released nor
  /// aborted and has no error; operations on it must have ended in their streams. One that has only lost
  /// members is shrunk if `Options::shrink` says so. All others are aborted and made from new unique IDs. If
  /// that fails although nobody is lost, all are made from new IDs.
  /// @collective over the processes that are left
  /// @throws DeclaredLostError, RebuildError, ConfigError, BringUpError, DisagreementError, StateError see
  ///         `JobControl::rebuild`. All communicators are aborted then
  Rebuilt rebuild(const RebuildOptions& options = {});
  /// Waits, on an idle process, until the others rebuild, and takes part, or until they finish.
  std::optional<Rebuilt> stand_by(const RebuildOptions& options = {},
                                  std::chrono::nanoseconds limit = std::chrono::nanoseconds::max());
  /// Ends the job on all processes, idle ones too. The communicators stay until `Communicators::close` or
  /// the destructor.
  /// @collective over all processes of the generation
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace nccl
}  // namespace rankmesh
