#pragma once

#include <chrono>
#include <concepts>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "rankmesh/comm/agreement_session.hpp"
#include "rankmesh/comm/errors.hpp"
#include "rankmesh/comm/export.hpp"
#include "rankmesh/comm/transport.hpp"

namespace RANKMESH_COMM_API rankmesh {

/// One value that all ranks must have in common.
struct AgreementField {
  /// What is compared: a field of the configuration, or the name of an option.
  std::string field;
  /// What this rank holds.
  std::string value;
  /// The value that all ranks must hold, where this rank knows it.
  std::optional<std::string> required{};

  bool operator==(const AgreementField&) const = default;
};

/// Options of one agreement.
struct AgreementOptions {
  /// The name of the step in errors.
  std::string step = "agreement";
  /// Whether this rank counts as arrived from the start. If not, it takes part in the protocol, but all ranks
  /// wait until it calls `arrive` or `fail`, or until another rank ends the agreement.
  bool arrives_at_once = true;
  /// Whether this is the last agreement of the bring-up: the same on every rank. Its success, too, is settled
  /// among the collectors, so that a rank that dies cannot make some ranks succeed and others fail.
  bool is_last = false;
  /// Ranks that this rank knows to be lost. As soon as all ranks have arrived that no rank names, the
  /// agreement ends with a missed deadline that names the lost ones, on every rank; also on a named one that
  /// still runs. Ranks need not name the same. Only together with `is_last`.
  RankSet lost{};
  /// What this rank does meanwhile, for the error of a missed deadline: for example `MPI_Comm_create_group at
  /// step tensor`. Empty: nothing but this agreement.
  std::string place{};
};

/// The outcome of an agreement.
struct Verdict {
  /// How an agreement ends.
  enum class Outcome { agreed, disagreed, deadline_missed, failed };

  /// How it ended.
  Outcome outcome = Outcome::agreed;
  /// The fields that differ, where the outcome is `disagreed`.
  std::vector<Disagreement> disagreements{};
  /// What went wrong on which rank, where the outcome is `failed`.
  std::vector<RankFailure> failures{};
  /// The step, and which ranks did not arrive if the outcome is `deadline_missed`.
  DeadlineError::Details deadline{};

  /// Throws the error for the outcome; returns if the ranks agree.
  /// @param abandoned_identifiers what the error counts, see `InterruptedError`
  /// @throws DisagreementError, DeadlineError, BringUpError
  void raise(int abandoned_identifiers = 0) const;

  bool operator==(const Verdict&) const = default;
};

/// Arrival and agreement in one: every rank learns that all ranks have arrived and hold the same values, or
/// which ranks differ, or which did not arrive in time. A state machine over a transport; `finish` runs it.
///
/// Without a failure, reports travel up a tree to rank 0 and its verdict travels down again: two messages per
/// rank, O(log N) steps, each message of a size independent of N. In the last agreement of a bring-up, the
/// collectors exchange a few more (docs/design.md).
///
/// Ranks 0, 1 and 2 are the collectors. After 1/8 of the deadline, and again at the deadline, each rank
/// reports once more, so that a dead parent cannot hide its children: in worlds of up to
/// `MessagePaths::direct_up_to` ranks directly to the collectors; in larger ones to its parent, and to the
/// collectors if the parent does not answer. So no rank has more than O(log N + number of lost ranks)
/// messages, even if nobody knows who is lost, unless several ranks in a row on a path of the tree are lost.
/// A verdict that ends the bring-up, with an error or with success, is settled among the collectors before
/// any other rank learns of it: rank 0 proposes it, the other two accept it. If rank 0 is silent, rank 1
/// proposes one `grace` after the deadline or the first failure, rank 2 two `grace` after it. Each asks the
/// others which verdict they have accepted before it proposes one. So all ranks that end the bring-up end it
/// with the same verdict, whichever rank dies or stops. docs/design.md has the exceptions, which need two
/// failures.
///
/// At the deadline, the collector in charge asks every rank from which it has not heard (in large worlds an
/// eighth of a `grace` later, when most have reported along the tree), and waits half a `grace` for the
/// answers: the error then names silent ranks apart from ranks that still work. If all three collectors are
/// silent, each rank ends by itself with an error that names these, 3.5 `grace` after it has noticed that the
/// deadline has passed. So every running rank leaves the agreement in bounded time. Time in which a rank does
/// not run counts as at most an eighth of a `grace` once it waits for answers: ranks that stand still
/// together, on a suspended machine, hear each other before they judge.
///
/// A rank may have work to do before it counts as arrived. If it fails at that work, the agreement ends on
/// all ranks at once, with an error that names the ranks that failed.
///
/// @collective over the ranks of the transport
class Agreement {
 public:
  /// Begins the next agreement of a session, or goes on with the one that another thread handed over. Waits
  /// as long as another thread holds the session.
  /// @param session must outlive this
  /// @param fields in the same order on every rank
  Agreement(AgreementSession& session, std::vector<AgreementField> fields, AgreementOptions options);
  Agreement(const Agreement&) = delete;
  Agreement& operator=(const Agreement&) = delete;
  /// The same for a thread that holds the session.
  Agreement(AgreementSession& session, std::unique_lock<std::mutex> hold, std::vector<AgreementField> fields,
            AgreementOptions options);
  /// Without a verdict, the next `Agreement` of the session runs the same round again, for example that of
  /// `abandon`. If the verdict has ended the bring-up and is not passed on, the next one passes it on.
  ~Agreement();
  /// Leaves an agreement whose verdict is not passed on to the next `Agreement` of the session, which goes on
  /// with all that is known. Only the destructor may follow.
  void hand_over();

  /// Counts this rank as arrived, if it did not arrive at once. Does nothing after `fail` or after the
  /// verdict.
  void arrive();
  /// Ends the agreement on all ranks with a failure of this one. Does nothing the second time or after the
  /// verdict.
  void fail(std::string what);
  /// Names further lost ranks, which this one has learned of meanwhile: see `AgreementOptions::lost`. Does
  /// nothing after the verdict.
  void give_up(const RankSet& lost);

  /// Makes progress without waiting. Returns whether the verdict is known and passed on; the session is not
  /// held any more then.
  /// @throws ProtocolError if a message does not belong to this protocol
  bool step();

  /// The verdict. Call it only after `step` has returned true.
  [[nodiscard]] const Verdict& verdict() const&;
  const Verdict& verdict() const&& = delete;
  /// The messages this rank has sent so far.
  [[nodiscard]] int messages_sent() const noexcept;

 private:
  class [[gnu::visibility("hidden")]] State;
  AgreementSession& session_;
  std::unique_lock<std::mutex> hold_;
  std::shared_ptr<State> state_;
};

/// Runs an agreement to its end.
/// @collective over the ranks of the transport
/// @throws DisagreementError, DeadlineError, BringUpError the same on every rank
/// @throws ProtocolError if a message does not belong to this protocol
void finish(Agreement& agreement, AgreementSession& session);

/// The verdict of an agreement without fields, in which ranks wait for each other at a step.
/// @param failure why this rank cannot go on, if so: the agreement then fails on all ranks
/// @collective over the ranks of the transport
[[nodiscard]] Verdict meet(AgreementSession& session, AgreementOptions options,
                           const std::optional<std::string>& failure = {});

/// `meet`, and returns only if all ranks have arrived at the step.
/// @collective over the ranks of the transport
/// @throws DeadlineError, BringUpError the same on every rank
void arrive(AgreementSession& session, AgreementOptions options,
            const std::optional<std::string>& failure = {});

/// Tells all ranks that this one leaves the bring-up, so that their next agreement ends with an error. Takes
/// part in the protocol until all have their verdict, or until 4 `grace` after the deadline, or after the
/// call if that comes later. If a verdict has ended the bring-up already, only passes that on.
void abandon(AgreementSession& session, std::string why) noexcept;

/// Calls a part of a bring-up. If it throws an exception that the other ranks do not know of, they are told,
/// so that their bring-up ends too.
/// @throws what the function throws
template <std::invocable Function>
auto run_or_abandon(AgreementSession& session, Function&& function) {
  try {
    return function();
  } catch (...) {
    abandon(session, text_of_current_exception());
    throw;
  }
}

}  // namespace rankmesh
