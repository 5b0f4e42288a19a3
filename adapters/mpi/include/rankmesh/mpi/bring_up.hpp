#pragma once

#include <mpi.h>

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rankmesh/comm/agree_on_plan.hpp"
#include "rankmesh/comm/agreement_session.hpp"
#include "rankmesh/comm/plan.hpp"
#include "rankmesh/mpi/caller.hpp"
#include "rankmesh/mpi/export.hpp"
#include "rankmesh/mpi/options.hpp"
#include "rankmesh/mpi/transport.hpp"
#include "rankmesh/mpi/watchdog.hpp"

namespace RANKMESH_MPI_API rankmesh {
namespace mpi {

/// One bring-up on a caller's communicator, what every adapter does in the same way: all ranks agree on the
/// plan, enter calls that block only when all are there, tell each other of failures, under one deadline.
class BringUp {
 public:
  /// Agrees on the plan.
  /// @param fields what else must be the same on all ranks
  /// @collective over `communicator`, an intra-communicator whose ranks are those of the topology
  /// @throws DisagreementError, DeadlineError, ConfigError the same on every rank
  /// @throws StateError outside MPI_Init .. MPI_Finalize
  BringUp(MPI_Comm communicator, const ParallelConfig& config, const Options& options,
          const std::vector<AgreementField>& fields = {});

  /// The communicator of the caller, which returns its errors meanwhile.
  [[nodiscard]] const CallersCommunicator& caller() const noexcept { return caller_; }
  /// What the messages go through.
  [[nodiscard]] MpiTransport& transport() noexcept { return transport_; }
  /// Where the ranks wait for each other.
  [[nodiscard]] AgreementSession& session() noexcept { return session_; }
  /// The own rank.
  [[nodiscard]] int rank() const noexcept { return transport_.rank(); }
  /// What is brought up.
  [[nodiscard]] const CommunicatorPlan& plan() const noexcept { return *plan_; }
  /// Likewise, for those who live longer.
  [[nodiscard]] std::shared_ptr<const CommunicatorPlan> shared_plan() const noexcept { return plan_; }
  /// The steps of the plan as this rank carries them out.
  [[nodiscard]] const std::vector<RankStep>& steps() const noexcept { return steps_; }

  /// How many parts there will be, so that progress can be told; the agreement, which counts as done, is the
  /// first.
  void begin(std::size_t parts);
  /// Tells of a part that is done.
  /// @throws what the callback throws
  void done(std::string_view part);
  /// Likewise where the others may enter a call without this rank next: they must not be left alone inside
  /// MPI. What the callback throws is kept, and thrown at the next step that all ranks wait for.
  void done_in_turn(std::string_view part);

  /// A call that blocks, and the part of the bring-up it belongs to.
  struct Call {
    /// The call of MPI or NCCL.
    std::string_view name;
    /// The step it belongs to.
    std::string_view part;
  };
  /// Waits for all ranks to arrive, then makes a call that blocks, and watches it.
  /// @param run makes the call; returns why it failed, or nothing. A failure ends the next step on all ranks
  /// @collective over the ranks of the job
  /// @throws DeadlineError, BringUpError the same on every rank
  void together(const Call& call, const std::function<std::optional<std::string>()>& run);

  /// A call that makes communicators in the order of the plan: every rank comes to it, and it needs no others
  /// than those that are known to be there. Waits for all ranks only if the options say so.
  /// @param run likewise; a failure is told at the next step that all ranks wait for, `complete` at the
  /// latest
  /// @collective over the ranks of the job
  /// @throws DeadlineError, BringUpError the same on every rank, if the options say to wait before each step
  void in_turn(const Call& call, const std::function<std::optional<std::string>()>& run);

  /// Why a call failed on this rank, where one did, for those who tell the others themselves.
  /// @throws what the callback threw before
  [[nodiscard]] std::optional<std::string> take_failure();

  /// Waits until all ranks have come this far without a failure.
  /// @param part the name of what should be done by now
  /// @collective over the ranks of the job
  /// @throws DeadlineError, BringUpError the same on every rank
  void require_success(std::string_view part);
  /// The same at the end of every bring-up.
  /// @collective over the ranks of the job
  /// @throws DeadlineError, BringUpError the same on every rank
  void complete() { require_success("completion"); }

  /// Calls a function that makes communicators. Where it throws what the other ranks do not know of, they are
  /// told, so that their bring-up ends too.
  template <std::invocable Function>
  auto guarded(Function&& make) {
    try {
      return make();
    } catch (const std::exception& error) {
      abandon(session_, error.what());
      throw;
    } catch (...) {
      abandon(session_, "an exception of an unknown type ended the bring-up");
      throw;
    }
  }

 private:
  using Clock = std::chrono::steady_clock;

  /// Waits for all ranks, who are told of a failure of this one.
  void arrive_at(std::string_view part);
  /// Keeps the exception that is being handled.
  void note_thrown(std::string why);
  void watched(const Call& call, const std::function<std::optional<std::string>()>& run);

  const Options& options_;
  CallersCommunicator caller_;
  MpiTransport transport_;
  AgreementSession session_;
  std::shared_ptr<const CommunicatorPlan> plan_;
  std::vector<RankStep> steps_;
  Watchdog watchdog_;
  std::optional<std::string> failure_{};
  /// What the callback threw while others may have been inside MPI.
  std::exception_ptr thrown_{};
  std::size_t parts_ = 0;
  std::size_t done_ = 0;
  Clock::time_point since_;
};

}  // namespace mpi
}  // namespace rankmesh
