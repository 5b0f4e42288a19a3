#include "proofs.hpp"

#include <exception>
#include <utility>

#include "rankmesh/bringup/proof.hpp"

namespace rankmesh::bringup {
namespace {

/// Ends a wait whose end no rank will see.
struct BrokenOff {};

/// Whether something holds on every rank.
bool holds_everywhere(bool here) {
  int value = here ? 1 : 0;
  MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
  return value != 0;
}

}  // namespace

Proofs::Proofs(const World& world, const Groups& groups, Timeouts timeouts, mpi::Watchdog::Callback on_stuck)
    : world_(world),
      groups_(groups),
      transport_(MPI_COMM_WORLD),
      session_(transport_, timeouts),
      watchdog_(session_, transport_, std::move(on_stuck)) {}

std::vector<std::string> Proofs::run(std::vector<KindReport>& kinds) {
  for (KindReport& kind : kinds) {
    kind.members = prove(kind.kind, "members", prove_membership);
    kind.order = prove(kind.kind, "order", prove_order);
  }
  return std::move(failures_);
}

Proof Proofs::prove(GroupKind kind, const char* what, Prove proof) {
  if (is_broken_off_) return Proof::untried;
  std::unique_ptr<GroupOperations> operations = groups_.operations(kind);
  Holding mine = groups_.holding(kind);
  mine.operations = operations.get();
  const std::string step = "proof of " + std::string(kind.name()) + " " + what;
  const Verdict verdict = carry_out(step, [&](const WhileWaiting& while_waiting) {
    return proof(groups_.plan().topology().family(kind), mine, world_.rank, while_waiting);
  });
  if (verdict.outcome == Verdict::Outcome::agreed) {
    bool is_proven = false;
    watch("MPI_Gather", [&] {
      is_proven = holds_everywhere(wrong_.empty());
      if (!is_proven) collect_failures(wrong_);
    });
    return is_proven ? Proof::proven : Proof::failed;
  }
  is_broken_off_ = true;
  // The library may still write to what they hold.
  static_cast<void>(operations.release());
  if (verdict.outcome != Verdict::Outcome::failed) verdict.raise();
  for (const RankFailure& failure : verdict.failures) {
    failures_.push_back(step + " could not be carried out on rank " + std::to_string(failure.rank) + ": " +
                        failure.what);
  }
  return Proof::failed;
}

Verdict Proofs::carry_out(std::string step, const std::function<std::string(const WhileWaiting&)>& proof) {
  Agreement round(session_, {}, {.step = std::move(step), .arrives_at_once = false});
  wrong_.clear();
  try {
    wrong_ = proof([&] {
      if (round.step()) throw BrokenOff();
      transport_.idle();
    });
    round.arrive();
  } catch (const BrokenOff&) {
    // The verdict says why.
  } catch (const std::exception& error) {
    round.fail(error.what());
  }
  while (!round.step()) transport_.idle();
  return round.verdict();
}

void Proofs::collect_failures(const std::string& own) {
  const int length = static_cast<int>(own.size());
  std::vector<int> lengths(static_cast<std::size_t>(world_.size));
  MPI_Gather(&length, 1, MPI_INT, lengths.data(), 1, MPI_INT, 0, MPI_COMM_WORLD);
  std::vector<int> offsets(lengths.size());
  for (std::size_t i = 1; i < lengths.size(); ++i) offsets[i] = offsets[i - 1] + lengths[i - 1];
  std::string all(static_cast<std::size_t>(offsets.back() + lengths.back()), ' ');
  MPI_Gatherv(own.data(), length, MPI_CHAR, all.data(), lengths.data(), offsets.data(), MPI_CHAR, 0,
              MPI_COMM_WORLD);
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    if (lengths[i] == 0) continue;
    failures_.push_back(
        all.substr(static_cast<std::size_t>(offsets[i]), static_cast<std::size_t>(lengths[i])));
  }
}

void Proofs::watch(const char* what, const std::function<void()>& calls) {
  const mpi::Watchdog::Watch watch(watchdog_, what, "proof");
  calls();
}

}  // namespace rankmesh::bringup
