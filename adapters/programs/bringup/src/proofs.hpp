#pragma once

#include <mpi.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backend.hpp"
#include "rankmesh/bringup/report.hpp"
#include "rankmesh/comm/agreement.hpp"
#include "rankmesh/comm/agreement_session.hpp"
#include "rankmesh/mpi/transport.hpp"
#include "rankmesh/mpi/watchdog.hpp"
#include "world.hpp"

namespace rankmesh::bringup {

/// Proves the communicators of a job, one kind after another, all ranks together: no rank begins a proof
/// before all have ended the one before, and a rank whose proof cannot be carried out ends it for those that
/// wait for it.
class Proofs {
 public:
  /// @param timeouts for all proofs together, and for what follows them
  /// @param on_stuck as `mpi::Options::on_stuck`
  /// @collective over MPI_COMM_WORLD
  Proofs(const World& world, const Groups& groups, Timeouts timeouts, mpi::Watchdog::Callback on_stuck);

  /// Carries out the proofs.
  /// @param kinds gets their results
  /// @return one sentence for each failed proof, on rank 0
  /// @collective over MPI_COMM_WORLD
  /// @throws DeadlineError the same on every rank
  [[nodiscard]] std::vector<std::string> run(std::vector<KindReport>& kinds);

  /// Whether a proof could not be carried out: its communicator is not to be used any more, not even to
  /// destroy it. The same on every rank.
  [[nodiscard]] bool is_broken_off() const noexcept { return is_broken_off_; }

  /// Makes calls that wait for other ranks, and reports them if they do so for too long.
  void watch(const char* what, const std::function<void()>& calls);

 private:
  using Prove = std::string (*)(const GroupFamily&, const Holding&, int, const WhileWaiting&);

  [[nodiscard]] Proof prove(GroupKind kind, const char* what, Prove proof);
  [[nodiscard]] Verdict carry_out(std::string step,
                                  const std::function<std::string(const WhileWaiting&)>& proof);
  void collect_failures(const std::string& own);

  const World& world_;
  const Groups& groups_;
  mpi::MpiTransport transport_;
  AgreementSession session_;
  mpi::Watchdog watchdog_;
  /// What was found wrong on this rank in the last proof.
  std::string wrong_{};
  bool is_broken_off_ = false;
  std::vector<std::string> failures_{};
};

}  // namespace rankmesh::bringup
