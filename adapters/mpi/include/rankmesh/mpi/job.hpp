#pragma once

#include <mpi.h>

#include <chrono>
#include <optional>
#include <string>

#include "rankmesh/comm/job_control.hpp"
#include "rankmesh/mpi/communicators.hpp"
#include "rankmesh/mpi/control_plane.hpp"
#include "rankmesh/mpi/export.hpp"
#include "rankmesh/mpi/options.hpp"

namespace RANKMESH_MPI_API rankmesh {
namespace mpi {

/// A job that goes on when processes die: its communicators, and what it takes to make them anew.
///
///     rankmesh::mpi::Job job(MPI_COMM_WORLD, {.world_size = 16, .tensor = 2}, {.timeouts = ...});
///     for (;;) {
///       if (job.is_idle()) {
///         if (!job.stand_by()) break;  // the others have finished
///       } else if (train(job.communicators())) {
///         job.finish();
///         break;
///       } else {
///         job.rebuild();  // a process is gone
///       }
///     }
///
/// The job may be started with more processes than the layout has ranks: the last ones are spares. They hold
/// no communicator but the control communicator, and take the places of lost processes at a rebuild. Without
/// a spare, incomplete replicas are dropped, see `survivors`.
///
/// MPI must let the survivors live: `mpiexec --enable-recovery` with Open MPI 4, `mpiexec --with-ft ulfm`
/// with Open MPI 5. docs/recovery.md says what was run, and what an implementation cannot do.
class Job {
 public:
  /// Brings up the layout on the first processes of a communicator, and the control communicator over all.
  /// @param communicator an intra-communicator; may be freed afterwards
  /// @param options of this and of all later bring-ups
  /// @collective over `communicator`
  /// @throws ConfigError, DisagreementError, DeadlineError, BringUpError as the constructor of
  ///         `Communicators`, on idle processes too
  Job(MPI_Comm communicator, const ParallelConfig& config, const Options& options = {});
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  /// Frees the communicators, see `Communicators::close`.
  ~Job();

  /// The processes and the layout. Processes are ranks of the communicator that the job started with.
  [[nodiscard]] const Generation& generation() const& noexcept { return plane_.control().generation(); }
  const Generation& generation() const&& = delete;
  /// The number of this process.
  [[nodiscard]] int process() const noexcept { return plane_.control().process(); }
  /// Whether this process has no rank.
  [[nodiscard]] bool is_idle() const noexcept { return !communicators_; }
  /// The communicators of this process. They are others after a rebuild.
  /// @throws StateError if it is idle, or a rebuild has failed
  [[nodiscard]] Communicators& communicators() &;

  /// Finds out which processes are lost, and makes the communicators of the next generation. All survivors
  /// get the same outcome: new communicators, each proven by a sum over its members, or the same error. A
  /// group of the same processes in the same order keeps its communicator, so no operation on it may be
  /// unfinished. If a process has closed or released one of them, none is kept. With ULFM no communicator is
  /// kept: the call ends all operations on those of the generation with an error, on all processes, so that
  /// those which wait come here too.
  ///
  /// The call takes as long as a process takes to be found lost: `RebuildOptions::timeouts`, or no time for
  /// those that `RebuildOptions::lost` names or, with ULFM, MPI knows to have failed. A process that dies
  /// meanwhile is found in the same call: all wait for each other before every call that makes communicators.
  /// One that dies inside MPI_Comm_create_group leaves the other members there: they are declared lost with
  /// it, and `Options::on_stuck` is called on them. With ULFM that holds for the first call only.
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
  /// Ends the job on all processes, idle ones too. The communicators stay until the destructor.
  /// @collective over all processes of the generation
  /// @throws DeadlineError the same on every process that called
  /// @throws DisagreementError the same on every process, if some have called `rebuild` instead
  void finish() { plane_.finish(); }

 private:
  /// Makes the communicators of the next generation, and proves them.
  void make(const NextGeneration& next, const Attempt& attempt);

  ControlPlane plane_;
  std::optional<Communicators> communicators_{};
  /// Those of the generation that is being made.
  std::optional<Communicators> next_{};
};

}  // namespace mpi
}  // namespace rankmesh
