#include "rankmesh/mpi/watchdog.hpp"

#include <mpi.h>

#include <utility>

#include "rankmesh/comm/agreement.hpp"
#include "rankmesh/comm/duration_text.hpp"

namespace rankmesh::mpi {
namespace {

bool may_ask_from_a_thread() {
  int level = MPI_THREAD_SINGLE;
  MPI_Query_thread(&level);
  return level == MPI_THREAD_MULTIPLE;
}

}  // namespace

std::string StuckCall::message() const {
  std::string text = "rank " + std::to_string(rank) + " is stuck in " + call + " at step " + part + ", " +
                     duration_text(elapsed) + " after the start of the bring-up: ";
  if (!failures.empty()) {
    text.append("others have left the call with an error");
    for (const RankFailure& failure : failures) {
      text.append("; rank ").append(std::to_string(failure.rank)).append(": ").append(failure.what);
    }
  } else if (!silent) {
    text.append("which ranks are silent is not known, since MPI was initialised without MPI_THREAD_MULTIPLE");
  } else if (silent->empty()) {
    text.append("all ranks are alive");
    for (const HeldValue& place : places) {
      text.append(&place == &places.front() ? ": " : ", ");
      text.append(place.ranks.to_string()).append(" in ").append(place.value);
    }
    text.append("; look at the output of each");
  } else {
    text.append("no answer from ")
        .append(silent->to_string())
        .append("; look at the output of ")
        .append(silent->size() == 1 ? "that rank" : "those ranks");
  }
  return text;
}

Watchdog::Watchdog(const AgreementSession& session, const MpiTransport& transport, Callback on_stuck)
    : timeouts_(session.timeouts()),
      transport_(transport, MpiTransport::SharedTags{}),
      on_stuck_(std::move(on_stuck)) {
  take_start_from(session);
  if (on_stuck_) thread_ = std::thread([this] { run(); });
}

Watchdog::~Watchdog() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

Watchdog::Watch::Watch(Watchdog& watchdog, std::string call, std::string part) : watchdog_(watchdog) {
  {
    const std::lock_guard lock(watchdog_.mutex_);
    watchdog_.watched_ = Watched{std::move(call), std::move(part)};
    ++watchdog_.calls_;
  }
  watchdog_.changed_.notify_all();
}

Watchdog::Watch::~Watch() {
  const std::lock_guard lock(watchdog_.mutex_);
  watchdog_.watched_.reset();
}

void Watchdog::note_failure(std::string what) {
  const std::lock_guard lock(mutex_);
  failure_ = std::move(what);
}

void Watchdog::take_start_from(const AgreementSession& session) {
  {
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    started_ = now - session.elapsed();
    expires_ = now + session.remaining();
  }
  changed_.notify_all();
}

std::optional<std::string> Watchdog::failure_of_thread() {
  const std::lock_guard lock(mutex_);
  return failure_of_thread_;
}

bool Watchdog::is_ended() {
  const std::lock_guard lock(mutex_);
  return ended_;
}

void Watchdog::run() {
  try {
    if (wait_for_deadline()) look_for_stuck_call();
  } catch (...) {
    const std::lock_guard lock(mutex_);
    failure_of_thread_ = "the watchdog ended: " + text_of_current_exception();
  }
}

bool Watchdog::wait_for_deadline() {
  std::unique_lock lock(mutex_);
  while (!ended_) {
    // A copy, since the deadline may move while the thread waits.
    const auto until = expires_;
    if (std::chrono::steady_clock::now() >= until) return true;
    changed_.wait_until(lock, until);
  }
  return false;
}

void Watchdog::look_for_stuck_call() {
  StuckCall stuck{.rank = transport_.rank()};
  // Also if no call is watched here: ranks that are stuck learn that this one is alive.
  if (may_ask_from_a_thread()) probe_liveness(stuck);
  {
    std::unique_lock lock(mutex_);
    if (!watched_) wait_for_late_call(lock);
    if (ended_) return;
    stuck.call = watched_->call;
    stuck.part = watched_->part;
    stuck.elapsed = std::chrono::steady_clock::now() - started_;
  }
  on_stuck_(stuck);
}

void Watchdog::wait_for_late_call(std::unique_lock<std::mutex>& lock) {
  for (;;) {
    changed_.wait(lock, [&] { return ended_ || watched_; });
    if (ended_) return;
    const std::size_t call = calls_;
    const auto is_over = [&] { return ended_ || !watched_ || calls_ != call; };
    if (!changed_.wait_for(lock, timeouts_.grace / 4, is_over)) return;
  }
}

void Watchdog::probe_liveness(StuckCall& stuck) {
  // The ranks begin the probe at the same time, give or take one message. It ends before ranks outside of the
  // call can have their error, half a `grace` after the deadline, and leave: the ranks in the call would
  // name them.
  AgreementSession session(transport_, {.deadline = timeouts_.grace / 8, .grace = timeouts_.grace / 2},
                           Channel::liveness);
  std::optional<std::string> failure;
  std::string place = "no call";
  bool is_in_a_call = false;
  std::chrono::nanoseconds elapsed{0};
  {
    const std::lock_guard lock(mutex_);
    failure = failure_;
    is_in_a_call = watched_.has_value();
    elapsed = std::chrono::steady_clock::now() - started_;
    if (is_in_a_call) place = watched_->call + " at step " + watched_->part;
  }
  // The ranks that are in no call end the bring-up meanwhile, and name those that do not answer.
  if (is_in_a_call) report_presence(transport_, elapsed, place);
  // As a field, so that the ranks learn who is where.
  Agreement probe(session, {{.field = "place", .value = place}},
                  {.step = "liveness probe", .arrives_at_once = !failure, .is_last = true});
  if (failure) probe.fail(*failure);
  while (!probe.step()) {
    if (is_ended()) return;
    transport_.idle();
  }
  const Verdict& verdict = probe.verdict();
  stuck.silent = verdict.deadline.missing;
  stuck.failures = verdict.failures;
  if (!verdict.disagreements.empty()) stuck.places = verdict.disagreements.front().values;
}

}  // namespace rankmesh::mpi
