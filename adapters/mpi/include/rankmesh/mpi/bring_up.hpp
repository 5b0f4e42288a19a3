#pragma once

#include <mpi.h>

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/comm/agree_on_plan.hpp"
#include "rankmesh/comm/agreement_session.hpp"
#include "rankmesh/comm/plan.hpp"
#include "rankmesh/comm/schedule.hpp"
#include "rankmesh/mpi/error_handler_guard.hpp"
#include "rankmesh/mpi/export.hpp"
#include "rankmesh/mpi/options.hpp"
#include "rankmesh/mpi/transport.hpp"
#include "rankmesh/mpi/watchdog.hpp"

namespace RANKMESH_MPI_API rankmesh {
namespace mpi {

/// One bring-up on a caller's communicator: the part that all adapters share. The constructor carries out the
/// first step of the schedule, the agreement. The adapter walks the other steps; this class makes ranks wait
/// for each other where the schedule says so, watches blocking calls, reports progress and spreads failures,
/// all under one deadline.
class BringUp {
 public:
  /// Agrees on the plan and the schedule.
  /// @param nccl what is made besides or instead of MPI communicators
  /// @collective over `communicator`, an intra-communicator whose ranks are those of the topology
  /// @throws DisagreementError, DeadlineError, ConfigError the same on every rank
  /// @throws StateError outside MPI_Init .. MPI_Finalize
  BringUp(MPI_Comm communicator, const ParallelConfig& config, const Options& options,
          const std::optional<NcclScheduleOptions>& nccl = {});

  /// The caller's communicator. It returns its errors during the bring-up.
  [[nodiscard]] MPI_Comm communicator() const noexcept { return guard_.native(); }
  /// Sets the error handler that the caller's communicator had before the bring-up.
  void give_original_handler_to(MPI_Comm other) const { guard_.give_original_handler_to(other); }
  /// The transport of the agreements and of the exchange of identifiers.
  [[nodiscard]] MpiTransport& transport() & noexcept { return transport_; }
  MpiTransport& transport() && = delete;
  /// The agreements of this bring-up, for an adapter that runs one beside its own work.
  [[nodiscard]] AgreementSession& session() & noexcept { return session_; }
  AgreementSession& session() && = delete;
  /// The rank of this process.
  [[nodiscard]] int rank() const noexcept { return transport_.rank(); }
  /// The plan that all ranks agreed on.
  [[nodiscard]] const CommunicatorPlan& plan() const& noexcept { return *plan_; }
  const CommunicatorPlan& plan() const&& = delete;
  /// The plan, for objects that outlive the bring-up.
  [[nodiscard]] std::shared_ptr<const CommunicatorPlan> shared_plan() const noexcept { return plan_; }
  /// The steps of the plan as this rank carries them out.
  [[nodiscard]] const std::vector<RankStep>& rank_steps() const& noexcept { return rank_steps_; }
  const std::vector<RankStep>& rank_steps() const&& = delete;
  /// The steps of the bring-up.
  [[nodiscard]] const Schedule& schedule() const& noexcept { return schedule_; }
  const Schedule& schedule() const&& = delete;

  /// Carries out an ordered or collective step: waits for all ranks where the step is collective, makes the
  /// call under the eyes of the watchdog, and reports progress.
  /// @param call the name of the MPI or NCCL function that may block
  /// @param make makes the call. Returns why it failed, or nothing. A failure on one rank ends the next
  ///        collective step on all ranks
  /// @collective over the ranks of the job, if the step is
  /// @throws DeadlineError, BringUpError the same on every rank, if the step is collective
  void carry_out(const BringUpStep& step, std::string_view call,
                 const std::function<std::optional<std::string>()>& make);
  /// Carries out a step without a call of its own, for example `complete`.
  /// @collective over the ranks of the job, if the step is
  /// @throws DeadlineError, BringUpError the same on every rank, if the step is collective
  void carry_out(const BringUpStep& step);

  /// Reports progress for a concurrent step that is done. An exception from the callback is kept as a failure
  /// of this rank, since other ranks may be inside a call that needs this one; the next collective step
  /// throws it.
  void report(const BringUpStep& step);
  /// Notes why this rank cannot go on; only the first failure is kept.
  void fail(std::string why);
  /// Why this rank cannot go on, if so. Concurrent steps pass it on to the agreement that completes them.
  [[nodiscard]] const std::optional<std::string>& failure() const& noexcept { return failure_; }
  const std::optional<std::string>& failure() const&& = delete;
  /// Whether a step is the last of the schedule.
  [[nodiscard]] bool is_last(const BringUpStep& step) const noexcept {
    return &step == &schedule_.steps().back();
  }
  /// Ends a block of concurrent steps. Throws the error of its agreement if that did not succeed, or the
  /// exception of the progress callback if that of this rank caused the failure.
  /// @param step the completion of the block
  /// @throws DeadlineError, BringUpError
  void conclude(const BringUpStep& step, const Verdict& verdict);

 private:
  using Clock = std::chrono::steady_clock;

  /// Tells the transport at the end if the bring-up did not succeed.
  struct Outcome {
    MpiTransport& transport;
    const AgreementSession& session;

    ~Outcome() {
      if (!session.has_succeeded()) transport.mark_failed();
    }
  };

  /// Throws the error of an agreement that did not succeed, or the exception that caused it here.
  void raise(const Verdict& verdict) const;
  /// Tells the watchdog the first step after this one at which all ranks meet.
  void set_next_meeting(const BringUpStep& met);
  /// Waits for all ranks if the step is collective, and tells them of a failure of this one.
  void enter(const BringUpStep& step);

  const Options& options_;
  ErrorHandlerGuard guard_;
  MpiTransport transport_;
  AgreementSession session_;
  Outcome outcome_{transport_, session_};
  std::unique_ptr<Watchdog> watchdog_;
  std::shared_ptr<const CommunicatorPlan> plan_;
  std::vector<RankStep> rank_steps_;
  Schedule schedule_;
  std::optional<std::string> failure_{};
  /// The exception of the progress callback, if it threw one.
  std::exception_ptr callback_exception_{};
  std::size_t reported_ = 0;
  Clock::time_point last_report_;
};

}  // namespace mpi
}  // namespace rankmesh
