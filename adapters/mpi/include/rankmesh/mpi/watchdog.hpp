#pragma once

#include <chrono>
#include <condition_variable>
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

/// A call that blocks and has not come back when the deadline passed. All ranks were there when it was
/// entered; some died or hang in it.
struct StuckCall {
  /// `MPI_Comm_create_group`, say, and the part of the bring-up it belongs to: a kind, or `duplicate`.
  std::string call{};
  /// The step of the bring-up it belongs to.
  std::string part{};
  /// The rank it is stuck on.
  int rank = 0;
  /// Since the start of the bring-up.
  std::chrono::nanoseconds elapsed{0};
  /// The ranks that did not answer a roll call after the deadline; empty where all did. Nothing where they
  /// could not be asked, since MPI was initialised with less than MPI_THREAD_MULTIPLE.
  std::optional<RankSet> silent{};
  /// What went wrong on ranks whose call came back with an error while others wait in it; only where ranks
  /// could be asked.
  std::vector<RankFailure> failures{};

  /// One line that says all of this, and what to do.
  [[nodiscard]] std::string message() const;
};

/// Looks after calls that block, from a thread of its own: when the deadline of the bring-up has passed and
/// such a call has not come back, finds out which ranks are silent and tells a callback. It cannot end the
/// call; who wants the job to end calls MPI_Abort.
class Watchdog {
 public:
  /// Who is told of a stuck call.
  using Callback = std::function<void(const StuckCall&)>;

  /// Starts the thread, unless the callback is empty.
  /// @param session of the bring-up: its clock. Must outlive this
  /// @param transport that of the bring-up; must outlive this
  Watchdog(const AgreementSession& session, const MpiTransport& transport, Callback on_stuck);
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  /// Ends the thread.
  ~Watchdog();

  /// Keeps for the roll call that a call failed on this rank: others may wait for it for ever.
  void note_failure(std::string what);

  /// Watches one call for as long as this lives.
  class Watch {
   public:
    /// Watches until the end of its life.
    /// @param call the call of MPI or NCCL
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
  [[nodiscard]] bool is_ended();
  /// Fills in what the other ranks say, unless it is broken off.
  void probe_liveness(StuckCall& stuck);

  const Timeouts timeouts_;
  /// When the deadline passes.
  const std::chrono::steady_clock::time_point expires_;
  const std::chrono::steady_clock::time_point started_;
  MpiTransport transport_;
  Callback on_stuck_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Watched> watched_;
  std::optional<std::string> failure_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace mpi
}  // namespace rankmesh
