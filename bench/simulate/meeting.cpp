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
constexpr auto interval = default_rebuild_timeouts.grace / 40;

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
        AgreementOptions{.step = purpose_.step, .is_last = true, .lost = purpose_.lost});
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
  const bool may_have_to_act = is_collector(process) || state.session->is_over();
  if (!may_have_to_act || state.wakes_at) return;
  state.wakes_at = endpoint.host().clock + Time(interval);
  network_.wake(process, Network::Cause::timer, *state.wakes_at);
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
