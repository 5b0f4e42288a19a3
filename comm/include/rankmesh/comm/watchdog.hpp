#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "rankmesh/comm/agreement.hpp"
#include "rankmesh/comm/agreement_session.hpp"
#include "rankmesh/comm/errors.hpp"
#include "rankmesh/comm/export.hpp"
#include "rankmesh/comm/rank_set.hpp"

namespace RANKMESH_COMM_API rankmesh {

/// A blocking call that had not returned at the deadline. All ranks had arrived before the first such call;
/// some have died, hang or are slow since.
struct StuckCall {
  /// The function of MPI or NCCL, for example `MPI_Comm_create_group`.
  std::string call{};
  /// The step of the bring-up: a kind, or `world`.
  std::string part{};
  /// The rank that made the call.
  int rank = 0;
  /// The time since the start of the bring-up.
  std::chrono::nanoseconds elapsed{0};
  /// The ranks that were not heard from after the deadline, as in the `DeadlineError` of ranks that are in no
  /// call; empty if all answered. Nothing if they could not be asked.
  std::optional<RankSet> silent{};
  /// Why they could not be asked, if so: for example `MPI was initialised without MPI_THREAD_MULTIPLE`.
  std::string why_unknown{};
  /// What the ranks that answered were doing, for example `MPI_Comm_dup at step world`.
  std::vector<HeldValue> places{};
  /// The failures that ended the bring-up on other ranks, as in their `BringUpError`: perhaps their call
  /// returned an error while others wait in it.
  std::vector<RankFailure> failures{};

  /// One line that says all of this and what to do.
  [[nodiscard]] std::string message() const;
};

/// A thread that answers the other ranks after the deadline of a bring-up while this rank is in no agreement:
/// it takes part in the next one and says what this rank is doing. So all ranks learn the same verdict, also
/// those in a blocking call. If a watched call has not returned when the verdict is known, the thread calls
/// the callback. The watchdog cannot end the call; to end the job, call MPI_Abort.
class Watchdog {
 public:
  /// Called with a stuck call, from the thread of the watchdog.
  using Callback = std::function<void(const StuckCall&)>;

  /// Starts the thread, unless the callback is empty.
  /// @param session the session of the bring-up, which has the deadline; must outlive this
  /// @param why_unasked why a thread may not ask the other ranks, if so: for example `MPI was initialised
  ///        without MPI_THREAD_MULTIPLE`. It then reports this rank's own call only
  /// @throws std::system_error if the thread cannot be started
  Watchdog(AgreementSession& session, Callback on_stuck, std::string why_unasked = {});
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  /// Ends the thread.
  ~Watchdog();

  /// Counts the deadline from the start of the bring-up, which other ranks may have begun earlier.
  /// @return the start
  std::chrono::steady_clock::time_point take_start();
  /// Says at which step all ranks meet next, for errors. Before the first call the watchdog does nothing:
  /// this rank has not begun the first agreement, whose fields only it knows.
  void set_meeting(std::string step);
  /// The text of the exception that ended the thread, if one did: from the callback, or because a message of
  /// other code arrived.
  [[nodiscard]] std::optional<std::string> failure_of_thread();
  /// The verdict that ended the bring-up while this rank was in no agreement, if there is one.
  [[nodiscard]] std::optional<Verdict> verdict();
  /// Notes that a call failed on this rank: other ranks may wait in the call for ever.
  void note_failure(std::string what);

  /// Watches one call as long as this object lives.
  class Watch {
   public:
    /// @param call the function of MPI or NCCL
    /// @param part the step of the bring-up
    Watch(Watchdog& watchdog, std::string call, std::string part);
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch();

   private:
    Watchdog& watchdog_;
  };

 private:
  struct Watched {
    std::string call;
    std::string part;
  };

  void run();
  /// Waits for the deadline, and the end of the first agreement. Returns whether they have come.
  [[nodiscard]] bool wait_for_deadline();
  [[nodiscard]] bool is_ended();
  /// Notes the exception that a `catch` block is handling. Returns its text.
  [[nodiscard]] std::string note_exception();
  /// Takes part in the next agreement until it has a verdict. Nothing if the watchdog is ended, or this rank
  /// takes part itself.
  [[nodiscard]] std::optional<Verdict> stand_in();
  /// Calls the callback as soon as a call is watched.
  /// @param verdict nothing if the other ranks could not be asked
  /// @param why_unknown the reason, if so
  void report(const std::optional<Verdict>& verdict, std::string why_unknown);

  AgreementSession& session_;
  Callback on_stuck_;
  std::string why_unasked_;
  std::mutex mutex_;
  /// The deadline.
  std::chrono::steady_clock::time_point expires_;
  std::chrono::steady_clock::time_point started_;
  std::condition_variable changed_;
  std::string meeting_;
  std::optional<Verdict> verdict_;
  std::optional<Watched> watched_;
  std::optional<std::string> failure_;
  std::optional<std::string> failure_of_thread_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace rankmesh
