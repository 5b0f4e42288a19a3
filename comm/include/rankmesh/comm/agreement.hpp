#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
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
/// which ranks differ, or which did not arrive in time. A state machine over a transport; `agree` runs it.
///
/// Without a failure, reports travel up a tree to rank 0 and its verdict travels down again: two messages per
/// rank, O(log N) steps, each message of a size independent of N.
///
/// After 1/8 of the deadline, and again at the deadline, each rank also reports directly to ranks 0 and 1, so
/// that a dead parent cannot hide its children. Rank 0 gives its verdict when the first rank has waited for
/// the whole deadline. If rank 0 is silent, rank 1 does so one `grace` later; if both are silent, every rank
/// ends with an error that names these two, another `grace` later. So every running rank leaves the agreement
/// in bounded time. The verdict on a missed deadline is sent to all ranks, including those that have not
/// started.
///
/// A rank may have work to do before it counts as arrived. If it fails at that work, the agreement ends on
/// all ranks at once, with an error that names the ranks that failed. At the deadline, ranks that are still
/// at work report that they are there, and rank 0 waits up to half a `grace` for these reports: the error
/// then tells silent ranks from unfinished ones, which may be waiting for the silent ones.
///
/// @collective over the ranks of the transport
class Agreement {
 public:
  /// Begins the next agreement of a session.
  /// @param session must outlive this
  /// @param fields in the same order on every rank
  Agreement(AgreementSession& session, std::vector<AgreementField> fields, AgreementOptions options);
  Agreement(const Agreement&) = delete;
  Agreement& operator=(const Agreement&) = delete;
  /// An agreement destroyed without a verdict is the next one again: see `abandon`.
  ~Agreement();

  /// Counts this rank as arrived, if it did not arrive at once. Does nothing after `fail` or after the
  /// verdict.
  void arrive();
  /// Ends the agreement on all ranks with a failure of this one. Does nothing the second time or after the
  /// verdict.
  void fail(std::string what);

  /// Makes progress without waiting. Returns whether the verdict is known and passed on.
  /// @throws ProtocolError if a message does not belong to this protocol
  bool step();

  /// The verdict. Call it only after `step` has returned true.
  [[nodiscard]] const Verdict& verdict() const { return verdict_.value(); }
  /// The messages this rank has sent so far.
  [[nodiscard]] int messages_sent() const noexcept { return messages_sent_; }

 private:
  /// The values of a field that differ from that of this rank, with the ranks that hold them.
  struct FieldDifference {
    std::string field;
    std::vector<HeldValue> values;
  };
  using Instant = Transport::Duration;

  [[nodiscard]] bool is_complete() const { return arrived_.size() == transport_.size(); }
  [[nodiscard]] std::vector<int> children() const;
  [[nodiscard]] Instant waited() const { return session_.elapsed(); }
  [[nodiscard]] Instant deadline() const noexcept { return session_.timeouts().deadline; }
  [[nodiscard]] Instant grace() const noexcept { return session_.timeouts().grace; }

  /// Handles messages until so many polls in a row find none.
  void process_messages(int empty_polls);
  /// Whether the next decision is correct only if all messages that have arrived are handled.
  [[nodiscard]] bool must_drain_messages() const;
  void handle(const Message& message);
  void merge_report(const Message& message);
  /// Notes which ranks hold other values than this one.
  /// @param from the rank that reports
  /// @param ranks the ranks of its subtree that have arrived; they hold the fields in `text`, except for
  /// those in
  ///        `differences`
  void merge_fields(int from, const RankSet& ranks, std::string_view text,
                    const std::vector<FieldDifference>& differences);
  void note_difference(std::string_view field, HeldValue held);
  void add_failure(RankFailure failure);
  void read_verdict(const Message& message);
  void settle(Verdict verdict);
  /// Reports to the parent, once, when the whole subtree of this rank has arrived.
  void report_complete_subtree();
  void act_on_time();
  void report_to(int rank);
  void tell_collectors_once(bool& told);
  void decide();
  void give_up();
  /// Whether every rank is known to have arrived or to be at work.
  [[nodiscard]] bool has_heard_from_all() const;
  void miss_deadline();
  void send_verdict(const std::vector<int>& ranks);
  void send_verdict_to_all();
  [[nodiscard]] Bytes encoded_verdict();
  [[nodiscard]] std::vector<Disagreement> find_disagreements() const;

  AgreementSession& session_;
  Transport& transport_;
  AgreementOptions options_;
  std::uint64_t round_;
  std::vector<AgreementField> fields_;
  RankSet arrived_;
  /// The ranks that were there when the deadline had passed.
  RankSet present_;
  /// The fields as one text: as long as all ranks hold the same, one comparison is enough.
  std::string fields_text_;
  /// Fields that arrived ranks hold with other values. For any other field, all hold the value of this rank.
  std::vector<FieldDifference> differences_;
  Instant own_arrival_;
  /// The size of the subtree of this rank, itself included.
  int subtree_ = 1;
  bool has_failed_ = false;
  bool reported_ = false;
  bool told_collectors_early_ = false;
  bool told_collectors_at_deadline_ = false;
  /// In the order of the ranks.
  std::vector<RankFailure> failures_;
  /// When this rank heard of the first failure.
  Instant first_failure_{};
  int messages_sent_ = 0;
  std::optional<Verdict> verdict_;
};

/// Runs the next agreement of a session to its end.
/// @collective over the ranks of the transport
/// @throws DisagreementError, DeadlineError, BringUpError the same on every rank
/// @throws ProtocolError if a message does not belong to this protocol
void agree(AgreementSession& session, std::vector<AgreementField> fields, std::string step = "agreement");

/// Runs an agreement that has begun to its end.
/// @throws as `agree` does
void finish(Agreement& agreement, AgreementSession& session);

/// An agreement without fields: returns when all ranks have arrived at a step.
/// @param failure why this rank cannot go on, if so: the agreement then ends with an error on all ranks
/// @collective over the ranks of the transport
/// @throws DeadlineError, BringUpError the same on every rank
void arrive(AgreementSession& session, std::string step, const std::optional<std::string>& failure = {});

/// Tells all ranks that this one leaves the bring-up, so that their next agreement ends with an error. Takes
/// no longer than a `grace`. Does nothing if the bring-up has ended already.
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
