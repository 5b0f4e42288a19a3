#include "proof_runner.hpp"

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

#include "rankmesh/bringup/proof.hpp"

namespace rankmesh::bringup {
namespace {

/// Ends the wait of a proof that another rank cannot carry out.
struct ProofAborted {};

std::string members_step(GroupKind kind) {
  return "proof of " + std::string(kind.name()) + " members";
}

std::string order_step(GroupKind kind) {
  return "proof of " + std::string(kind.name()) + " order";
}

/// The agreements of all proofs and of what comes before and after them, in their order.
std::vector<std::string> names_of_meetings(const Topology& topology) {
  std::vector<std::string> names{"times"};
  for (const KindFamily& kind : topology.kinds()) {
    names.push_back(members_step(kind.kind));
    names.push_back(order_step(kind.kind));
  }
  names.insert(names.end(), {"close", "end"});
  return names;
}

}  // namespace

ProofRunner::ProofRunner(const World& world, const JobCommunicators& communicators, Timeouts timeouts,
                         mpi::Watchdog::Callback on_stuck)
    : world_(world),
      communicators_(communicators),
      transport_(world.communicator),
      session_(transport_, timeouts),
      watchdog_(session_, std::move(on_stuck)),
      meetings_(names_of_meetings(communicators.plan().topology())) {}

std::vector<std::string> ProofRunner::run(std::vector<KindReport>& kinds) {
  for (KindReport& report : kinds) {
    const GroupFamily& groups = communicators_.plan().topology().family(report.kind);
    std::unique_ptr<GroupOperations> operations = communicators_.operations(report.kind);
    Membership mine = communicators_.membership(report.kind);
    mine.operations = operations.get();
    const std::string wrong = check_presence(groups, mine, world_.rank);
    report.members = prove(
        members_step(report.kind),
        [&](const WhileWaiting& while_waiting) {
          return wrong.empty() ? prove_membership(groups, mine, world_.rank, while_waiting) : wrong;
        },
        operations);
    report.order = prove(
        order_step(report.kind),
        [&](const WhileWaiting& while_waiting) {
          return wrong.empty() ? prove_order(groups, mine, world_.rank, while_waiting) : "";
        },
        operations);
  }
  return std::move(failures_);
}

ProofResult ProofRunner::prove(const std::string& step, const Proof& proof,
                               std::unique_ptr<GroupOperations>& operations) {
  if (was_aborted_) return ProofResult::untried;
  const Verdict verdict = run_until_agreed(step, proof);
  if (verdict.outcome == Verdict::Outcome::agreed) {
    set_meeting_after(step);
    bool is_proven = false;
    watch(step, "MPI_Gather", [&] {
      is_proven = world_.all(wrong_.empty());
      if (is_proven) return;
      for (std::string& text : world_.gather_texts(wrong_)) failures_.push_back(std::move(text));
    });
    return is_proven ? ProofResult::proven : ProofResult::failed;
  }
  was_aborted_ = true;
  // The library may still write to the buffers of the operations.
  static_cast<void>(operations.release());
  if (verdict.outcome != Verdict::Outcome::failed) verdict.raise();
  for (const RankFailure& failure : verdict.failures) {
    failures_.push_back(step + " could not be carried out on rank " + std::to_string(failure.rank) + ": " +
                        failure.what);
  }
  return ProofResult::failed;
}

Verdict ProofRunner::run_until_agreed(const std::string& step, const Proof& proof) {
  Agreement agreement(session_, {}, {.step = step, .arrives_at_once = false});
  wrong_.clear();
  try {
    wrong_ = proof([&] {
      if (agreement.step()) throw ProofAborted();
      transport_.idle();
    });
    agreement.arrive();
  } catch (const ProofAborted&) {
    // The verdict has the reason.
  } catch (const std::exception& error) {
    agreement.fail(error.what());
  }
  while (!agreement.step()) transport_.idle();
  return agreement.verdict();
}

void ProofRunner::run_together(const std::string& step, const char* call,
                               const std::function<void()>& calls) {
  arrive(session_, {.step = step});
  set_meeting_after(step);
  watch(step, call, calls);
}

void ProofRunner::end() {
  arrive(session_, {.step = meetings_.back(), .is_last = true});
}

void ProofRunner::set_meeting_after(const std::string& step) {
  const auto met = std::find(meetings_.begin(), meetings_.end(), step);
  watchdog_.set_meeting(*std::next(met));
}

void ProofRunner::watch(const std::string& step, const char* call, const std::function<void()>& calls) {
  const mpi::Watchdog::Watch watch(watchdog_, call, step);
  calls();
}

}  // namespace rankmesh::bringup
