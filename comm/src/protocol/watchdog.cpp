#include "rankmesh/comm/watchdog.hpp"

#include <utility>

#include "rankmesh/comm/agreement.hpp"
#include "rankmesh/comm/duration_text.hpp"

namespace rankmesh {

std::string StuckCall::message() const {
  std::string text = "rank " + std::to_string(rank) + " is stuck in " + call + " at step " + part + ", " +
                     duration_text(elapsed) + " after the start of the bring-up: ";
  if (!failures.empty()) {
    text.append("others have left the call with an error");
    for (const RankFailure& failure : failures) {
      text.append("; rank ").append(std::to_string(failure.rank)).append(": ").append(failure.what);
    }
  } else if (!silent) {
    text.append("which ranks are silent is not known, since ").append(why_unknown);
  } else if (silent->empty()) {
    text.append("all ranks are alive");
    for (const HeldValue& at : places) {
      text.append(&at == &places.front() ? ": " : ", ")
          .append(at.ranks.to_string())
          .append(" in ")
          .append(at.value);
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

Watchdog::Watchdog(AgreementSession& session, Callback on_stuck, std::string why_unasked)
    : session_(session),
      on_stuck_(std::move(on_stuck)),
      why_unasked_(std::move(why_unasked)) {
  static_cast<void>(take_start());
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

std::chrono::steady_clock::time_point Watchdog::take_start() {
  {
    const auto hold = session_.hold();
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    started_ = now - session_.elapsed();
    expires_ = now + session_.remaining();
  }
  changed_.notify_all();
  return started_;
}

void Watchdog::set_meeting(std::string step) {
  {
    const std::lock_guard lock(mutex_);
    meeting_ = std::move(step);
  }
  changed_.notify_all();
}

std::optional<std::string> Watchdog::failure_of_thread() {
  const std::lock_guard lock(mutex_);
  return failure_of_thread_;
}

std::optional<Verdict> Watchdog::verdict() {
  const std::lock_guard lock(mutex_);
  return verdict_;
}

bool Watchdog::is_ended() {
  const std::lock_guard lock(mutex_);
  return ended_;
}

void Watchdog::run() {
  try {
    if (!wait_for_deadline()) return;
    if (!why_unasked_.empty()) return report({}, why_unasked_);
    std::optional<Verdict> verdict;
    std::string failure;
    try {
      while (!verdict && !is_ended()) verdict = stand_in();
    } catch (...) {
      failure = note_exception();
    }
    report(verdict, failure);
  } catch (...) {
    static_cast<void>(note_exception());
  }
}

std::string Watchdog::note_exception() {
  const std::lock_guard lock(mutex_);
  failure_of_thread_ = "the watchdog ended: " + text_of_current_exception();
  return *failure_of_thread_;
}

bool Watchdog::wait_for_deadline() {
  std::unique_lock lock(mutex_);
  while (!ended_) {
    // A copy, since the deadline may move while the thread waits.
    const auto until = expires_;
    if (meeting_.empty()) {
      changed_.wait(lock);
    } else if (std::chrono::steady_clock::now() >= until) {
      return true;
    } else {
      changed_.wait_until(lock, until);
    }
  }
  return false;
}

std::optional<Verdict> Watchdog::stand_in() {
  // First the thread that waits already.
  while (session_.is_wanted() && !is_ended()) std::this_thread::sleep_for(std::chrono::microseconds(50));
  // While this rank takes part itself, this waits.
  std::unique_lock hold = session_.hold();
  AgreementOptions options{.arrives_at_once = false};
  {
    const std::lock_guard lock(mutex_);
    options.step = meeting_;
    options.place = watched_ ? watched_->call + " at step " + watched_->part : "no call of MPI or NCCL";
  }
  Agreement agreement(session_, std::move(hold), {}, std::move(options));
  while (!agreement.step()) {
    {
      const std::lock_guard lock(mutex_);
      if (failure_) agreement.fail(*failure_);
    }
    if (is_ended() || session_.is_wanted()) {
      agreement.hand_over();
      return std::nullopt;
    }
    session_.transport().idle();
  }
  // It may be that of an agreement in which this rank arrived before.
  if (!session_.is_over()) return std::nullopt;
  return agreement.verdict();
}

void Watchdog::report(const std::optional<Verdict>& verdict, std::string why_unknown) {
  StuckCall stuck{.rank = session_.transport().name_of(session_.transport().rank()),
                  .why_unknown = std::move(why_unknown)};
  if (verdict) {
    const DeadlineError::Details& deadline = verdict->deadline;
    stuck.silent = deadline.missing;
    stuck.places = deadline.places;
    stuck.failures = verdict->failures;
  }
  {
    std::unique_lock lock(mutex_);
    verdict_ = verdict;
    changed_.wait(lock, [this] { return ended_ || watched_; });
    if (ended_) return;
    stuck.call = watched_->call;
    stuck.part = watched_->part;
    stuck.elapsed = std::chrono::steady_clock::now() - started_;
  }
  on_stuck_(stuck);
}

}  // namespace rankmesh
