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

/// `mpi::Job` with communicators of NCCL: a job that goes on when processes die.
///
/// Communicators are made from unique IDs, without blocking, and no call of MPI that could wait for a lost
/// process is made after the start: a process may die at any moment of a rebuild. All communicators of the
/// generation before are aborted, and all are made anew.
class Job {
 public:
  /// Chooses the devices of all processes, idle ones too, and brings up the layout on the first processes.
  /// @param world an `MPI_Comm`: an intra-communicator; may be freed afterwards
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

  /// The processes and the layout. Processes are ranks of the communicator that the job started with.
  [[nodiscard]] const Generation& generation() const& noexcept;
  const Generation& generation() const&& = delete;
  /// The number of this process.
  [[nodiscard]] int process() const noexcept;
  /// Whether this process has no rank.
  [[nodiscard]] bool is_idle() const noexcept;
  /// The device of this process, also if it is idle.
  [[nodiscard]] int device() const noexcept;
  /// The communicators of this process. They are others after a rebuild.
  /// @throws StateError if it is idle
  [[nodiscard]] Communicators& communicators() &;

  /// Finds out which processes are lost, aborts all communicators, and makes those of the next generation.
  /// All survivors get the same outcome.
  /// @collective over the processes that are left
  /// @throws DeclaredLostError, RebuildError, ConfigError, BringUpError, DisagreementError see
  ///         `JobControl::rebuild`. Afterwards the job can only be destroyed
  Rebuilt rebuild(const RebuildOptions& options = {});
  /// Waits, on an idle process, until the others rebuild, and takes part, or until they finish.
  /// @param options for the rebuild; the same as on the others
  /// @param limit how long to wait
  /// @return what was rebuilt; nothing if the job is finished
  /// @throws DeadlineError if nobody has called by the limit, and what `rebuild` throws
  std::optional<Rebuilt> stand_by(const RebuildOptions& options = {},
                                  std::chrono::nanoseconds limit = std::chrono::nanoseconds::max());
  /// Ends the job on all processes, idle ones too. The communicators stay until `Communicators::close` or
  /// the destructor.
  /// @collective over all processes of the generation
  /// @throws DeadlineError the same on every process that called
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace nccl
}  // namespace rankmesh
