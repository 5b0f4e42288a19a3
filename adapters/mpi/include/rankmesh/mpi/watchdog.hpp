#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "rankmesh/comm/agreement_session.hpp"
#include "rankmesh/comm/errors.hpp"
#include "rankmesh/comm/rank_set.hpp"
#include "rankmesh/mpi/export.hpp"
#include "rankmesh/mpi/transport.hpp"

namespace RANKMESH_MPI_API rankmesh {
namespace mpi {

/// A blocking call that had not returned at the deadline. All ranks had arrived before the first such call;
/// some have died, hang or are slow since.
struct StuckCall {
  /// The function of MPI or NCCL, for example `MPI_Comm_create_group`.
  std::string call{};
  /// The step of the bring-up: a kind, or `duplicate`.
  std::string part{};
  /// The rank it is stuck on.
  int rank = 0;
  /// The time since the start of the bring-up.
  std::chrono::nanoseconds elapsed{0};
  /// The ranks that did not answer the liveness probe after the deadline; empty if all did. Nothing if they
  /// could not be asked, since MPI was initialised with less than MPI_THREAD_MULTIPLE.
  std::optional<RankSet> silent{};
  /// Where the ranks were that answered the probe, if all did and not all were in this call.
  std::vector<HeldValue> places{};
  /// The failures of ranks whose call returned an error while others wait in it; empty if ranks could not be
  /// asked.
  std::vector<RankFailure> failures{};

  /// One line that says all of this and what to do.
  [[nodiscard]] std::string message() const;
};

/// Watches blocking calls from a thread of its own: if a call has not returned at the deadline of the
/// bring-up, finds out which ranks are silent and calls a callback. It cannot end the call; to end the job,
/// call MPI_Abort.
class Watchdog {
 public:
  /// Called with a stuck call, from the thread of the watchdog.
  using Callback = std::function<void(const StuckCall&)>;

  /// Starts the thread, unless the callback is empty. From then on this rank answers the probes of others.
  /// @param session the session of the bring-up, which has the deadline; must outlive this
  /// @param transport the transport of the bring-up; must outlive this
  /// @throws std::system_error if the thread cannot be started
  Watchdog(const AgreementSession& session, const MpiTransport& transport, Callback on_stuck);
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  /// Ends the thread.
  ~Watchdog();

  /// Counts the deadline from the start of the bring-up, which other ranks may have begun earlier.
  void take_start_from(const AgreementSession& session);
  /// What ended the thread, if an exception did: its callback or a message that is none of this library
  /// threw.
  [[nodiscard]] std::optional<std::string> failure_of_thread();
  /// Notes that a call failed on this rank, for the liveness probe: other ranks may wait in the call for
  /// ever.
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
  /// Waits for the deadline. Returns whether it has come.
  [[nodiscard]] bool wait_for_deadline();
  void look_for_stuck_call();
  /// Waits until a call that begins after the probe has lasted for a quarter of a `grace`: it may wait for
  /// ranks that have ended meanwhile. Returns early when the watchdog is ended.
  void wait_for_late_call(std::unique_lock<std::mutex>& lock);
  [[nodiscard]] bool is_ended();
  /// Fills in the answers of the other ranks, unless the watchdog is ended meanwhile.
  void probe_liveness(StuckCall& stuck);

  const Timeouts timeouts_;
  MpiTransport transport_;
  Callback on_stuck_;
  std::mutex mutex_;
  /// The deadline.
  std::chrono::steady_clock::time_point expires_;
  std::chrono::steady_clock::time_point started_;
  std::condition_variable changed_;
  std::optional<Watched> watched_;
  /// The number of calls so far.
  std::size_t calls_ = 0;
  std::optional<std::string> failure_;
  std::optional<std::string> failure_of_thread_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace mpi
}  // namespace rankmesh
