#pragma once

#include <mpi.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "rankmesh/comm/job_control.hpp"
#include "rankmesh/mpi/communicator.hpp"
#include "rankmesh/mpi/export.hpp"
#include "rankmesh/mpi/options.hpp"

namespace RANKMESH_MPI_API rankmesh {
namespace mpi {

/// What a job over MPI needs to go on when processes die, whatever library its communicators are from: the
/// control communicator, and the agreements over it. `mpi::Job` and `nccl::Job` are made of it.
class ControlPlane {
 public:
  /// Agrees on the layout with all processes, idle ones too, and makes the control communicator.
  /// @param communicator an intra-communicator; may be freed afterwards
  /// @collective over `communicator`
  /// @throws ConfigError, DisagreementError, DeadlineError, BringUpError the same on every process
  ControlPlane(MPI_Comm communicator, const ParallelConfig& config, const Options& options);
  ControlPlane(const ControlPlane&) = delete;
  ControlPlane& operator=(const ControlPlane&) = delete;
  ~ControlPlane() = default;

  /// A communicator over all processes of the job, lost ones too. Its errors return.
  [[nodiscard]] MPI_Comm communicator() const noexcept { return communicator_.native(); }
  /// The agreements.
  [[nodiscard]] JobControl& control() & noexcept { return *control_; }
  JobControl& control() && = delete;
  /// The same.
  [[nodiscard]] const JobControl& control() const& noexcept { return *control_; }
  const JobControl& control() const&& = delete;
  /// The options of all bring-ups.
  [[nodiscard]] const Options& options() const& noexcept { return options_; }
  const Options& options() const&& = delete;

  /// Makes what the first generation needs, and waits until all processes have it. May be called again.
  /// @param make called on every process, idle ones too
  /// @collective over all processes
  /// @throws DeadlineError, BringUpError the same on every process: which did not answer, or what failed
  /// where
  /// @throws DisagreementError what `make` throws, on each process that it throws it on
  void make_first(const std::function<void()>& make);
  /// `JobControl::rebuild`.
  /// @param make makes the communicators of a generation, on processes with a rank, and proves them; throws
  ///        if they do not work
  /// @collective over the processes that are left
  Rebuilt rebuild(const RebuildOptions& options,
                  const std::function<void(const NextGeneration& next, const Attempt& attempt)>& make);
  /// On an idle process, waits for what the others call, and calls `rebuild` or finishes.
  /// @return nothing if the job is finished
  /// @throws StateError if this process has a rank
  /// @throws DeadlineError if nobody has called by the limit
  std::optional<Rebuilt> stand_by(std::chrono::nanoseconds limit, const std::function<Rebuilt()>& rebuild);
  /// Ends the job on all processes.
  /// @collective over all processes of the generation
  /// @throws DeadlineError the same on every process that called
  void finish() { control_->finish(options_.timeouts); }

 private:
  Options options_;
  Communicator communicator_{};
  std::unique_ptr<JobControl> control_{};
};

}  // namespace mpi
}  // namespace rankmesh
