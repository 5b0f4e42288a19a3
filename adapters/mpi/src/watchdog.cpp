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
    text.append("all ranks are alive and have entered the step; look at the output of each");
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
      expires_(std::chrono::steady_clock::now() + session.remaining()),
      started_(std::chrono::steady_clock::now() - session.elapsed()),
      transport_(transport, MpiTransport::SharedTags{}),
      on_stuck_(std::move(on_stuck)) {
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
  const std::lock_guard lock(watchdog_.mutex_);
  watchdog_.watched_ = Watched{std::move(call), std::move(part)};
}

Watchdog::Watch::~Watch() {
  const std::lock_guard lock(watchdog_.mutex_);
  watchdog_.watched_.reset();
}

void Watchdog::note_failure(std::string what) {
  const std::lock_guard lock(mutex_);
  failure_ = std::move(what);
}

bool Watchdog::is_ended() {
  const std::lock_guard lock(mutex_);
  return ended_;
}

void Watchdog::run() {
  {
    std::unique_lock lock(mutex_);
    if (changed_.wait_until(lock, expires_, [this] { return ended_; })) return;
  }
  StuckCall stuck{.rank = transport_.rank(), .elapsed = std::chrono::steady_clock::now() - started_};
  // Also if no call is watched here: ranks that are stuck learn that this one is alive.
  if (may_ask_from_a_thread()) probe_liveness(stuck);
  {
    const std::lock_guard lock(mutex_);
    if (ended_ || !watched_) return;
    stuck.call = watched_->call;
    stuck.part = watched_->part;
  }
  on_stuck_(stuck);
}

void Watchdog::probe_liveness(StuckCall& stuck) {
  // The ranks begin the probe at the same time, give or take one message.
  AgreementSession session(transport_, {.deadline = timeouts_.grace, .grace = timeouts_.grace / 4},
                           Channel::liveness);
  std::optional<std::string> failure;
  {
    const std::lock_guard lock(mutex_);
    failure = failure_;
  }
  Agreement probe(session, {}, {.step = "liveness probe", .arrives_at_once = !failure});
  if (failure) probe.fail(*failure);
  while (!probe.step()) {
    if (is_ended()) return;
    transport_.idle();
  }
  stuck.silent = probe.verdict().deadline.missing;
  stuck.failures = probe.verdict().failures;
}

}  // namespace rankmesh::mpi
