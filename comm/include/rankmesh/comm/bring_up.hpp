#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rankmesh/comm/agree_on_plan.hpp"
#include "rankmesh/comm/agreement_session.hpp"
#include "rankmesh/comm/bring_up_options.hpp"
#include "rankmesh/comm/export.hpp"
#include "rankmesh/comm/plan.hpp"
#include "rankmesh/comm/schedule.hpp"
#include "rankmesh/comm/transport.hpp"
#include "rankmesh/comm/watchdog.hpp"

namespace RANKMESH_COMM_API rankmesh {

/// Where a bring-up takes place.
struct BringUpPlace {
  /// The messages of the agreements and of the exchange of identifiers; must outlive the bring-up.
  Transport& transport;
  /// Called at the end of a bring-up that did not succeed on this rank: other ranks may be ahead.
  std::function<void()> on_failure{};
  /// See `Watchdog`.
  std::string why_unasked{};
};

/// One bring-up: the part that all adapters share. The constructor carries out the
/// first step of the schedule, the agreement. The adapter walks the other steps; this class makes ranks wait
/// for each other where the schedule says so, watches blocking calls, reports progress and spreads failures,
/// all under one deadline.
class BringUp {
 public:
  /// Agrees on the plan and the schedule.
  /// @param nccl what is made besides or instead of MPI communicators
  /// @collective over the ranks of the transport, which are those of the topology
  /// @throws DisagreementError, DeadlineError, ConfigError the same on every rank
  BringUp(BringUpPlace place, const ParallelConfig& config, const BringUpOptions& options,
          const std::optional<NcclScheduleOptions>& nccl = {});
  BringUp(const BringUp&) = delete;
  BringUp& operator=(const BringUp&) = delete;
  virtual ~BringUp() = default;

  /// The transport of the agreements and of the exchange of identifiers.
  [[nodiscard]] Transport& transport() const noexcept { return session_.transport(); }
  /// The agreements of this bring-up, for an adapter that runs one beside its own work.
  [[nodiscard]] AgreementSession& session() & noexcept { return session_; }
  AgreementSession& session() && = delete;
  /// The rank of this process.
  [[nodiscard]] int rank() const noexcept { return transport().rank(); }
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

  /// Tells the place at the end if the bring-up did not succeed.
  struct Outcome {
    std::function<void()> on_failure;
    const AgreementSession& session;

    Outcome(std::function<void()> called, const AgreementSession& of)
        : on_failure(std::move(called)),
          session(of) {}
    Outcome(const Outcome&) = delete;
    Outcome& operator=(const Outcome&) = delete;
    ~Outcome() {
      if (on_failure && !session.has_succeeded()) on_failure();
    }
  };

  /// Throws the error of an agreement that did not succeed, or the exception that caused it here.
  void raise(const Verdict& verdict) const;
  /// Tells the watchdog the first step after this one at which all ranks meet.
  void set_next_meeting(const BringUpStep& met);
  /// Waits for all ranks if the step is collective, and tells them of a failure of this one.
  void enter(const BringUpStep& step);

  const BringUpOptions& options_;
  AgreementSession session_;
  Outcome outcome_;
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

}  // namespace rankmesh
