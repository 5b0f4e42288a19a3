#pragma once

#include <mpi.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backend.hpp"
#include "rankmesh/bringup/report.hpp"
#include "rankmesh/bringup/world.hpp"
#include "rankmesh/comm/agreement.hpp"
#include "rankmesh/comm/agreement_session.hpp"
#include "rankmesh/mpi/transport.hpp"
#include "rankmesh/mpi/watchdog.hpp"

namespace rankmesh::bringup {

/// Proves the communicators of a job, one kind after another, on all ranks together. A rank begins a proof
/// only when all ranks have finished the previous one. A rank whose proof cannot be carried out ends the wait
/// of the others.
class ProofRunner {
 public:
  /// @param timeouts for all proofs and the collectives after them together
  /// @param on_stuck as `mpi::Options::on_stuck`
  /// @collective over MPI_COMM_WORLD
  ProofRunner(const World& world, const JobCommunicators& communicators, Timeouts timeouts,
              mpi::Watchdog::Callback on_stuck);

  /// Carries out the proofs.
  /// @param kinds receives the results
  /// @return on rank 0, one sentence for each failed proof
  /// @collective over MPI_COMM_WORLD
  /// @throws DeadlineError the same on every rank
  [[nodiscard]] std::vector<std::string> run(std::vector<KindReport>& kinds);

  /// Whether a proof could not be carried out. Its communicator must then not be used any more, not even to
  /// destroy it. The same on every rank.
  [[nodiscard]] bool was_aborted() const noexcept { return was_aborted_; }

  /// Waits until all ranks have arrived, then makes calls that wait for other ranks, under the watchdog.
  /// @param step `times` before the proofs, `close` after them; the name in errors
  /// @param call the function that may block
  /// @collective over MPI_COMM_WORLD
  /// @throws DeadlineError the same on every rank, and whatever `calls` throws
  void run_together(const std::string& step, const char* call, const std::function<void()>& calls);
  /// Waits until all ranks have made their last call: until then each answers the others.
  /// @collective over MPI_COMM_WORLD
  /// @throws DeadlineError the same on every rank
  void end();

 private:
  /// Returns what is wrong on this rank.
  using Proof = std::function<std::string(const WhileWaiting&)>;

  /// @param operations leaked if the proof is aborted
  [[nodiscard]] ProofResult prove(const std::string& step, const Proof& proof,
                                  std::unique_ptr<GroupOperations>& operations);
  [[nodiscard]] Verdict run_until_agreed(const std::string& step, const Proof& proof);
  /// Tells the watchdog at which agreement all ranks meet after this one.
  void set_meeting_after(const std::string& step);
  /// Makes calls that wait for other ranks, all of which have arrived, under the watchdog.
  void watch(const std::string& step, const char* call, const std::function<void()>& calls);

  const World& world_;
  const JobCommunicators& communicators_;
  mpi::MpiTransport transport_;
  AgreementSession session_;
  mpi::Watchdog watchdog_;
  std::vector<std::string> meetings_;
  /// What the last proof found wrong on this rank.
  std::string wrong_{};
  bool was_aborted_ = false;
  std::vector<std::string> failures_{};
};

}  // namespace rankmesh::bringup
