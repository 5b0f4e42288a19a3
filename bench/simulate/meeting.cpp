#include "meeting.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

namespace rankmesh::simulate {
namespace {

/// How often a process looks at the clock that may have to act when no message comes.
constexpr Time interval = default_rebuild_timeouts.grace / 40;

/// The same while ranks report up the tree, which they do so often at most.
constexpr Time short_interval = default_rebuild_timeouts.grace / 128;

/// An idle process looks for messages so often: at the worst, it has just looked.
constexpr auto pause_of_idle = std::chrono::milliseconds(1);

}  // namespace

Meeting::Meeting(int processes, Purpose purpose, const Costs& costs, Polling polling)
    : purpose_(std::move(purpose)),
      network_(processes, costs.mpi, polling),
      processes_(static_cast<std::size_t>(processes)) {}

void Meeting::run() {
  for (int process = 0; process < network_.size(); ++process) {
    if (!purpose_.lost.contains(process) && !is_idle(process))
      network_.wake(process, Network::Cause::timer, Time::zero());
  }
  network_.run([this](int process, Network::Cause cause, Time at) { look(process, cause, at); });
  if (finished_ + purpose_.lost.size() != network_.size()) {
    throw std::logic_error("only " + std::to_string(finished_) + " simulated processes end the meeting");
  }
}

bool Meeting::begins(int process, Network::Cause cause) {
  Endpoint& endpoint = network_.at(process);
  if (is_idle(process)) {
    if (!endpoint.receive(Channel::wake_up)) return false;
    endpoint.host().clock += pause_of_idle;
    return true;
  }
  // Messages may arrive before the process starts.
  if (cause != Network::Cause::timer) return false;
  endpoint.begin_to_wait();
  const std::byte call{1};
  for (int idle = network_.size() - purpose_.idle; is_collector(process) && idle < network_.size(); ++idle) {
    endpoint.send(idle, Channel::wake_up, std::span(&call, 1));
  }
  return true;
}

void Meeting::look(int process, Network::Cause cause, Time at) {
  Process& state = processes_[static_cast<std::size_t>(process)];
  if (state.has_finished || purpose_.lost.contains(process)) return;
  Endpoint& endpoint = network_.at(process);
  if (!state.agreement) {
    if (!begins(process, cause)) return;
    state.session = std::make_unique<AgreementSession>(endpoint, default_rebuild_timeouts);
    state.agreement = std::make_unique<Agreement>(
        *state.session, purpose_.fields,
        AgreementOptions{.step = purpose_.step,
                         .is_last = true,
                         .lost = purpose_.lost_are_known ? purpose_.lost : RankSet()});
    state.began = endpoint.host().clock;
  } else {
    endpoint.notice(at);
  }
  if (state.wakes_at && at >= *state.wakes_at) state.wakes_at.reset();
  if (state.agreement->step()) {
    require_right_verdict(state.agreement->verdict());
    state.agreement.reset();
    state.session.reset();
    state.has_finished = true;
    ++finished_;
    finished_at_ = std::max(finished_at_, endpoint.host().clock);
    return;
  }
  const std::optional<Time> next = next_look(process);
  if (!next || (state.wakes_at && *state.wakes_at <= *next)) return;
  state.wakes_at = next;
  network_.wake(process, Network::Cause::timer, *next);
}

std::optional<Time> Meeting::next_look(int process) {
  const Process& state = processes_[static_cast<std::size_t>(process)];
  const Time now = network_.at(process).host().clock;
  if (!purpose_.lost_are_known && !state.session->is_over()) {
    const Time early = state.began + Time(default_rebuild_timeouts.deadline / 8);
    const Time deadline = now + Time(state.session->remaining());
    if (now < early) return early;
    const bool is_waiting =
        now >= early + Time(default_rebuild_timeouts.grace / 8) && deadline > now + short_interval;
    return is_waiting ? deadline : now + short_interval;
  }
  if (is_collector(process) || state.session->is_over()) return now + interval;
  return std::nullopt;
}

void Meeting::require_right_verdict(const Verdict& verdict) const {
  if (purpose_.lost.empty() ? verdict.outcome == Verdict::Outcome::agreed
                            : verdict.outcome == Verdict::Outcome::deadline_missed &&
                                  verdict.deadline.complete && verdict.deadline.missing == purpose_.lost) {
    return;
  }
  throw std::logic_error("the simulated processes end the meeting with another verdict");
}

}  // namespace rankmesh::simulate
