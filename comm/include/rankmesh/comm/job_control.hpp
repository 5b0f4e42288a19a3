#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rankmesh/comm/agreement.hpp"
#include "rankmesh/comm/agreement_session.hpp"
#include "rankmesh/comm/export.hpp"
#include "rankmesh/comm/generation.hpp"
#include "rankmesh/comm/rank_set.hpp"
#include "rankmesh/comm/transport.hpp"

namespace RANKMESH_COMM_API rankmesh {

/// This process was declared lost while it did not answer: the others go on without it.
class DeclaredLostError : public Error {
 public:
  /// @param process the number of this process
  /// @param generation the last generation that it was part of
  DeclaredLostError(int process, int generation);
};

/// Too few processes are left to go on. Every survivor gets the same error.
class RebuildError : public Error {
 public:
  using Error::Error;
};

/// How long processes wait for each other in a rebuild, by default: one that has not come 30 s after the
/// first is lost.
inline constexpr Timeouts default_rebuild_timeouts{.deadline = std::chrono::seconds(30),
                                                   .grace = std::chrono::seconds(2)};

/// Options of a rebuild.
struct RebuildOptions {
  /// Processes that this one knows to be lost, for example those that an error or the scheduler named. The
  /// others do not wait for them. May differ between processes. One that is named and still runs is told that
  /// it was declared lost.
  RankSet lost{};
  /// How long to wait for a process that nobody named: the deadline counts from the first process that calls.
  Timeouts timeouts = default_rebuild_timeouts;
  /// Who holds which state; the number of spares counts for nothing. The same on every process.
  SurvivorOptions survivors{};
  /// Other values that must be the same on all processes, for example the last step of the job.
  std::vector<AgreementField> job_fields{};
};

/// The outcome of a rebuild, the same on every process.
struct Rebuilt {
  /// The processes that were lost since the generation before.
  RankSet lost{};
  /// What that costs, and who has which state, by the ranks of the generation before.
  Survival survival{};
  /// How many times communicators were made: more than once if further processes were lost meanwhile.
  int attempts = 0;
};

/// Which attempt to make communicators this is.
struct Attempt {
  /// Whether communicators of the generation before may be kept: only in the first attempt of a rebuild,
  /// since after a failed one it is not known who has kept what.
  bool may_keep = false;
  /// Counts the attempts of all rebuilds of the job, from 1: the same on all processes that are left.
  int ordinal = 1;
};

/// How an attempt to make the communicators of a generation ended on this process.
struct AttemptOutcome {
  /// Why they could not be made, if so.
  std::optional<std::string> failure{};
  /// The processes that did not answer meanwhile: the attempt failed because of them.
  RankSet lost{};
};

/// How making communicators ended: a `DeadlineError` that names all missing processes says who is lost, and
/// any other exception why it failed.
[[nodiscard]] AttemptOutcome outcome_of(const std::function<void()>& make);

/// What the processes of a job agree on when some of them are lost, over messages that do not block. An
/// adapter derives its job from it and makes the communicators.
///
/// A rebuild has three parts. All processes of the generation meet; those that do not come by the deadline,
/// or that others know to be lost, are lost, and all others learn the same set. Everyone derives the next
/// generation from it, and its processes make their communicators. Then all meet again. If further processes
/// were lost meanwhile, both are done again without them. If the first attempt fails although nobody was
/// lost, for example since a process has closed a communicator that was to be kept, a second one keeps none.
///
/// The messages of each meeting belong to a session of exactly the processes that take part, so that a late
/// message of an older generation is never taken for a new one. The verdict is sent to the lost processes
/// too: one that comes back learns that it was declared lost.
///
/// More than half of the processes of a generation must be left, or half with the first of them. So two parts
/// of a job that cannot reach each other never both go on.
///
/// Without a further loss, a process sends O(log N + lost) messages if the lost are named, see
/// `RebuildOptions::lost`. Else the process that leads sends O(N).
class JobControl {
 public:
  /// How some processes reach each other.
  struct Connection {
    /// Among exactly these processes, in their order; errors name the processes.
    std::unique_ptr<Transport> transport{};
    /// Called when they have not agreed.
    std::function<void()> on_failure{};
    /// The processes that have failed, as far as what carries the messages knows: the others do not wait for
    /// them. Called every 10 ms in a meeting.
    std::function<RankSet()> failed{};
  };
  /// Connects processes, which are given in ascending order. Each process calls it with the same lists in the
  /// same order.
  using Connect = std::function<Connection(const std::vector<int>& processes)>;
  /// Makes the communicators of a generation, in which this process may be idle.
  using Make = std::function<AttemptOutcome(const NextGeneration& next, const Attempt& attempt)>;

  /// @param process the number of this process
  /// @param first the generation that the job starts with
  JobControl(Connect connect, int process, Generation first);

  /// The present generation.
  [[nodiscard]] const Generation& generation() const& noexcept { return generation_; }
  const Generation& generation() const&& = delete;
  /// The number of this process.
  [[nodiscard]] int process() const noexcept { return process_; }
  /// Whether this process has no rank.
  [[nodiscard]] bool is_idle() const { return !generation_.rank_of(process_); }

  /// Throws if a rebuild has failed: the job can only be destroyed.
  /// @throws StateError
  void require_usable() const;

  /// Waits until all processes have made what they need, or one of them has failed.
  /// @param outcome how that went on this process
  /// @collective over all processes of the generation
  /// @throws DeadlineError, BringUpError the same on every process
  void complete(const Timeouts& timeouts, const AttemptOutcome& outcome);

  /// Finds out who is lost and goes on to the next generation. With nobody lost, that is the same layout on
  /// the same processes.
  /// @param make may take as long as `attempt_limit`, so that others wait for it
  /// @collective over the processes that are left
  /// @throws DeclaredLostError on a process without which the others go on
  /// @throws RebuildError on every survivor, if too few are left
  /// @throws ConfigError on every survivor, if no replica can be made of what is left
  /// @throws BringUpError on every survivor, if an attempt that kept nothing failed on a process that is not
  ///         lost
  /// @throws DisagreementError on every survivor, if values differ
  /// @throws StateError if a rebuild has failed before
  Rebuilt rebuild(const RebuildOptions& options, std::chrono::nanoseconds attempt_limit, const Make& make);

  /// What an idle process was woken for.
  enum class Call : std::uint8_t { rebuild = 1, finish = 2 };
  /// Waits, on an idle process, until the others call `rebuild` or `finish`; this process must then call the
  /// same. Does not use the processor in between.
  /// @param limit how long to wait
  /// @return nothing if nobody called
  /// @throws StateError if a rebuild has failed before
  [[nodiscard]] std::optional<Call> wait_for_call(std::chrono::nanoseconds limit);

  /// Ends the job: waits until every process has called it.
  /// @collective over all processes of the generation
  /// @throws DeadlineError the same on every process that called
  /// @throws DisagreementError the same on every process, if some have called `rebuild` instead
  /// @throws StateError if a rebuild has failed before
  void finish(const Timeouts& timeouts);

 private:
  /// One meeting of some processes.
  struct Meeting {
    std::string step{};
    Timeouts timeouts{};
    RankSet lost{};
    std::vector<AgreementField> fields{};
    std::optional<std::string> failure{};
    /// What idle processes are told, if they may wait for it.
    std::optional<Call> wakes{};
  };

  [[nodiscard]] Connection connect(const std::vector<int>& processes);
  [[nodiscard]] Verdict meet(const std::vector<int>& processes, Meeting meeting);
  /// The processes that have come. Throws what ends the rebuild.
  [[nodiscard]] std::vector<int> those_present(std::vector<int> processes, Meeting meeting);
  /// Takes the missing ones away.
  /// @throws DeclaredLostError if this process is missing, RebuildError if too few are left, DeadlineError if
  ///         nobody is missing
  void drop(std::vector<int>& processes, const Verdict& verdict) const;
  void require_majority(const std::vector<int>& processes) const;

  Connect connect_;
  int process_;
  Generation generation_;
  /// Those of all rebuilds.
  int attempts_ = 0;
  /// A rebuild has begun, and has not succeeded.
  bool is_broken_ = false;
  /// The connection over which this process was woken: the first meeting uses it.
  std::optional<Connection> woken_{};
};

}  // namespace rankmesh
