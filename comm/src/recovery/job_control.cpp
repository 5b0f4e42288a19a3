#include "rankmesh/comm/job_control.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <thread>
#include <utility>

#include "rankmesh/comm/errors.hpp"
#include "rankmesh/comm/time_after.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

constexpr auto pause_of_idle = std::chrono::milliseconds(1);
constexpr auto between_looks_for_failures = std::chrono::milliseconds(10);

/// The positions of some processes in a list of them.
RankSet positions_of(const RankSet& wanted, const std::vector<int>& processes) {
  std::vector<int> positions;
  for (std::size_t position = 0; position < processes.size(); ++position) {
    if (wanted.contains(processes[position])) positions.push_back(static_cast<int>(position));
  }
  return RankSet::of_ranks(positions);
}

/// What this process tells the others of an attempt: a process that did not answer is no failure of its own.
std::optional<std::string> failure_of(const AttemptOutcome& outcome) {
  return outcome.lost.empty() ? outcome.failure : std::nullopt;
}

AgreementField purpose(const char* call) {
  return {.field = "call", .value = call};
}

}  // namespace

DeclaredLostError::DeclaredLostError(int process, int generation)
    : Error("process " + std::to_string(process) +
            " did not answer in time and was declared lost: the others go on without it since generation " +
            std::to_string(generation) + ", so it must end") {}

AttemptOutcome outcome_of(const std::function<void()>& make) {
  try {
    make();
    return {};
  } catch (const DeadlineError& error) {
    // Otherwise this process has only heard nobody: who is gone is found when all meet.
    if (!error.details().complete) return {.failure = error.what()};
    return {.failure = error.what(), .lost = error.details().missing};
  } catch (...) {
    return {.failure = text_of_current_exception()};
  }
}

JobControl::JobControl(Connect connect, int process, Generation first)
    : connect_(std::move(connect)),
      process_(process),
      generation_(std::move(first)) {}

JobControl::Connection JobControl::connect(const std::vector<int>& processes) {
  if (woken_) return *std::exchange(woken_, std::nullopt);
  return connect_(processes);
}

Verdict JobControl::meet(const std::vector<int>& processes, Meeting meeting) {
  const Connection connection = connect(processes);
  Transport& transport = *connection.transport;
  AgreementSession session(transport, meeting.timeouts);
  std::vector<int> to_wake;
  if (meeting.wakes && !is_idle()) {
    for (const int process : generation_.idle()) {
      const auto found = std::lower_bound(processes.begin(), processes.end(), process);
      if (found != processes.end() && *found == process)
        to_wake.push_back(static_cast<int>(found - processes.begin()));
    }
  }
  const auto wake = [&] {
    const std::byte call{static_cast<std::uint8_t>(*meeting.wakes)};
    for (const int position : to_wake) transport.send(position, Channel::wake_up, std::span(&call, 1));
    to_wake.clear();
  };
  // The first processes with a rank; the others only if these seem to be gone.
  const std::optional<int> rank = generation_.rank_of(process_);
  if (rank && is_collector(*rank)) wake();
  Agreement agreement(session, std::move(meeting.fields),
                      {.step = std::move(meeting.step),
                       .arrives_at_once = !meeting.failure,
                       .is_last = true,
                       .lost = positions_of(meeting.lost, processes)});
  if (meeting.failure) agreement.fail(*meeting.failure);
  Transport::Duration next_look = transport.now();
  while (!agreement.step()) {
    if (connection.failed && transport.now() >= next_look) {
      agreement.give_up(positions_of(connection.failed(), processes));
      next_look = transport.now() + between_looks_for_failures;
    }
    if (!to_wake.empty() && session.elapsed() >= session.timeouts().deadline / 8) wake();
    transport.idle();
  }
  if (connection.on_failure && !session.has_succeeded()) connection.on_failure();
  return agreement.verdict();
}

void JobControl::drop(std::vector<int>& processes, const Verdict& verdict) const {
  const RankSet& missing = verdict.deadline.missing;
  if (missing.contains(process_)) throw DeclaredLostError(process_, generation_.number);
  // All are alive, and some of them have not come.
  if (missing.empty()) verdict.raise();
  std::erase_if(processes, [&](int process) { return missing.contains(process); });
  require_majority(processes);
}

std::vector<int> JobControl::those_present(std::vector<int> processes, Meeting meeting) {
  for (;;) {
    const Verdict verdict = meet(processes, meeting);
    if (verdict.outcome == Verdict::Outcome::agreed) return processes;
    if (verdict.outcome != Verdict::Outcome::deadline_missed) verdict.raise();
    drop(processes, verdict);
    if (verdict.deadline.complete) return processes;
  }
}

void JobControl::require_majority(const std::vector<int>& processes) const {
  const std::size_t all = generation_.processes.size();
  const std::size_t left = processes.size();
  const bool has_first = !processes.empty() && processes.front() == generation_.processes.front();
  if (2 * left > all || (2 * left == all && has_first)) return;
  throw RebuildError("only " + std::to_string(left) + " of " + std::to_string(all) + " processes" +
                     " of generation " + std::to_string(generation_.number) + " are left (" +
                     RankSet::of_ranks(processes).to_string() +
                     "): less than half cannot go on, since the others may be alive and unreachable; start "
                     "the job anew from a checkpoint");
}

void JobControl::require_usable() const {
  if (!is_broken_) return;
  throw StateError("a rebuild of process " + std::to_string(process_) +
                   " has failed, so its job can only be destroyed; start it anew from a checkpoint");
}

void JobControl::complete(const Timeouts& timeouts, const AttemptOutcome& outcome) {
  meet(generation_.processes,
       {.step = "bring-up", .timeouts = timeouts, .lost = outcome.lost, .failure = failure_of(outcome)})
      .raise();
}

Rebuilt JobControl::rebuild(const RebuildOptions& options, std::chrono::nanoseconds attempt_limit,
                            const Make& make) {
  require_usable();
  is_broken_ = true;
  Meeting meeting{
      .step = "rebuild",
      .timeouts = options.timeouts,
      .lost = options.lost,
      .fields = {purpose("rebuild"), {.field = "generation", .value = std::to_string(generation_.number)}},
      .wakes = Call::rebuild};
  meeting.fields.insert(meeting.fields.end(), options.job_fields.begin(), options.job_fields.end());
  std::vector<int> left = generation_.processes;
  Rebuilt result;
  for (;;) {
    left = those_present(std::move(left), meeting);
    // Only the first meeting may have to wake idle processes.
    meeting.wakes.reset();
    meeting.lost = RankSet();

    NextGeneration next = next_generation(generation_, left, options.survivors);
    const Attempt attempt{.may_keep = result.attempts == 0, .ordinal = ++attempts_};
    ++result.attempts;
    const AttemptOutcome outcome = make(next, attempt);
    Timeouts timeouts = options.timeouts;
    // Idle processes are here at once, and wait for those that make communicators.
    timeouts.deadline = sum_of(timeouts.deadline, attempt_limit);
    const Verdict verdict = meet(left, {.step = "end of the rebuild",
                                        .timeouts = timeouts,
                                        .lost = outcome.lost,
                                        .failure = failure_of(outcome)});
    switch (verdict.outcome) {
      case Verdict::Outcome::agreed:
        result.lost = RankSet::of_ranks(generation_.processes).without(RankSet::of_ranks(left));
        result.survival = std::move(next.survival);
        generation_ = std::move(next.generation);
        is_broken_ = false;
        return result;
      case Verdict::Outcome::deadline_missed:
        drop(left, verdict);
        break;
      case Verdict::Outcome::failed: {
        // Perhaps because a process is lost, which takes until the deadline to see.
        const std::size_t before = left.size();
        left = those_present(std::move(left), meeting);
        if (left.size() == before && !attempt.may_keep) verdict.raise();
        break;
      }
      case Verdict::Outcome::disagreed:
        verdict.raise();
    }
  }
}

std::optional<JobControl::Call> JobControl::wait_for_call(std::chrono::nanoseconds limit) {
  require_usable();
  if (!woken_) woken_ = connect_(generation_.processes);
  const auto until = time_after(std::chrono::steady_clock::now(), limit);
  for (;;) {
    if (const auto message = woken_->transport->receive(Channel::wake_up)) {
      if (message->bytes.size() == 1) {
        const auto call = static_cast<Call>(message->bytes.front());
        if (call == Call::rebuild || call == Call::finish) return call;
      }
      throw ProtocolError("process " + std::to_string(woken_->transport->name_of(message->from)) +
                          " sent a call that this version of rankmesh does not know");
    }
    if (std::chrono::steady_clock::now() >= until) return std::nullopt;
    std::this_thread::sleep_for(pause_of_idle);
  }
}

void JobControl::finish(const Timeouts& timeouts) {
  require_usable();
  meet(generation_.processes,
       {.step = "end of the job", .timeouts = timeouts, .fields = {purpose("finish")}, .wakes = Call::finish})
      .raise();
}

}  // namespace rankmesh
