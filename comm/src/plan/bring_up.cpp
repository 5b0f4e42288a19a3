#include "rankmesh/comm/bring_up.hpp"

#include <algorithm>
#include <utility>

#include "rankmesh/comm/agreement.hpp"
#include "rankmesh/comm/errors.hpp"

namespace rankmesh {
namespace {

ScheduleOptions schedule_options(const BringUpOptions& options,
                                 const std::optional<NcclScheduleOptions>& nccl) {
  return {.arrivals = options.arrivals,
          .has_stuck_callback = static_cast<bool>(options.on_stuck),
          .duplicate_world = options.duplicate_world,
          .nccl = nccl};
}

CommunicatorPlan agreed_plan(AgreementSession& session, const ParallelConfig& config,
                             const BringUpOptions& options, const std::optional<NcclScheduleOptions>& nccl) {
  std::vector<AgreementField> fields = agreement_fields(schedule_options(options, nccl));
  fields.insert(fields.end(), options.job_fields.begin(), options.job_fields.end());
  return agree_on_plan(session, config, {.plan = options.plan, .fields = std::move(fields)});
}

/// Starts the watchdog before the first message. Tells the others if its thread cannot be started.
std::unique_ptr<Watchdog> started_watchdog(AgreementSession& session, const BringUpOptions& options,
                                           const std::string& why_unasked) {
  return run_or_abandon(session,
                        [&] { return std::make_unique<Watchdog>(session, options.on_stuck, why_unasked); });
}

}  // namespace

BringUp::BringUp(BringUpPlace place, const ParallelConfig& config, const BringUpOptions& options,
                 const std::optional<NcclScheduleOptions>& nccl)
    : options_(options),
      session_(place.transport, options.timeouts),
      outcome_(std::move(place.on_failure), session_),
      watchdog_(started_watchdog(session_, options, place.why_unasked)),
      plan_(std::make_shared<const CommunicatorPlan>(agreed_plan(session_, config, options, nccl))),
      rank_steps_(plan_->for_rank(rank())),
      schedule_(*plan_, schedule_options(options, nccl)),
      last_report_(watchdog_->take_start()) {
  set_next_meeting(schedule_.steps().front());
  report(schedule_.steps().front());
}

void BringUp::enter(const BringUpStep& step) {
  if (step.entry != BringUpStep::Entry::collective) {
    // Others have left: a call that needs them would not return.
    if (const auto verdict = watchdog_->verdict()) raise(*verdict);
    return;
  }
  if (auto why = watchdog_->failure_of_thread()) fail(*std::move(why));
  conclude(step, meet(session_, {.step = step.name, .is_last = is_last(step)}, failure_));
}

void BringUp::carry_out(const BringUpStep& step, std::string_view call,
                        const std::function<std::optional<std::string>()>& make) {
  enter(step);
  {
    const Watchdog::Watch watch(*watchdog_, std::string(call), step.name);
    if (std::optional<std::string> why = make()) fail(*std::move(why));
  }
  report(step);
}

void BringUp::carry_out(const BringUpStep& step) {
  enter(step);
  report(step);
}

void BringUp::report(const BringUpStep& step) {
  if (!step.reports_progress || callback_exception_) return;
  const Clock::time_point now = Clock::now();
  ++reported_;
  try {
    if (options_.on_progress) {
      options_.on_progress({reported_, schedule_.progress_count(), step.name, now - last_report_});
    }
  } catch (...) {
    callback_exception_ = std::current_exception();
    fail(text_of_current_exception());
  }
  last_report_ = now;
}

void BringUp::fail(std::string why) {
  if (failure_) return;
  failure_ = std::move(why);
  watchdog_->note_failure(*failure_);
}

void BringUp::conclude(const BringUpStep& step, const Verdict& verdict) {
  raise(verdict);
  set_next_meeting(step);
}

void BringUp::raise(const Verdict& verdict) const {
  if (verdict.outcome == Verdict::Outcome::failed && callback_exception_) {
    std::rethrow_exception(callback_exception_);
  }
  verdict.raise();
}

void BringUp::set_next_meeting(const BringUpStep& met) {
  const auto is_meeting = [](const BringUpStep& step) {
    return step.entry == BringUpStep::Entry::collective || step.action == BringUpStep::Action::complete;
  };
  const auto steps = schedule_.steps();
  const auto next = std::find_if(steps.begin() + (&met - steps.data()) + 1, steps.end(), is_meeting);
  if (next != steps.end()) watchdog_->set_meeting(next->name);
}

}  // namespace rankmesh
