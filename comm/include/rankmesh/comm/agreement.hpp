#pragma once

#include <chrono>
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
  /// The value it must have besides, where this rank knows it.
  std::optional<std::string> required{};

  bool operator==(const AgreementField&) const = default;
};

/// One round of agreement.
struct AgreementOptions {
  /// The name of the step in errors.
  std::string step = "agreement";
  /// Whether this rank counts as arrived from the start. If not, it takes part in the protocol, and may end
  /// with the verdict that others brought about, but is waited for until it calls `arrive` or `fail`.
  bool arrives_at_once = true;
};

/// What came of an agreement.
struct Verdict {
  /// How an agreement ends.
  enum class Outcome { agreed, disagreed, deadline_missed, failed };

  /// How it ended.
  Outcome outcome = Outcome::agreed;
  /// The fields that differ, where the outcome is `disagreed`.
  std::vector<Disagreement> disagreements{};
  /// What went wrong on which rank, where the outcome is `failed`.
  std::vector<RankFailure> failures{};
  /// The step, and where the outcome is `deadline_missed`, who did not come.
  DeadlineError::Details deadline{};

  /// Throws the error that the verdict stands for; returns if the ranks agree.
  /// @param abandoned_identifiers what the error counts, see `InterruptedError`
  /// @throws DisagreementError, DeadlineError, BringUpError
  void raise(int abandoned_identifiers = 0) const;

  bool operator==(const Verdict&) const = default;
};

/// Arrival and agreement in one: every rank learns that all ranks are here and hold the same values, or which
/// do not, or which did not come in time. A state machine over a transport; `agree` runs it.
///
/// When all is well, reports travel up a tree to rank 0 and its verdict travels down again: two
/// messages per rank, O(log N) steps, each message of a size independent of N. A rank that has waited an
/// eighth of the deadline, and again when it has waited all of it, reports to ranks 0 and 1 directly as well,
/// so that a rank that is gone hides nobody. Rank 0 gives its verdict when the first rank has waited for the
/// deadline; if it is silent too, rank 1 does, one `grace` later; and if both are silent, every rank names
/// these two, another `grace` later. Every rank that is running and inside the agreement so ends it in
/// bounded time. A verdict on a missed deadline goes to all ranks, also to those that are yet to come.
///
/// A rank may have work to do before it counts as arrived, and may fail at it: a failure ends the agreement
/// on all ranks at once, with an error that names the ranks that failed. When the deadline passes, ranks that
/// are still at work say so, and rank 0 waits up to half a `grace` for that: the error then tells the ranks
/// that are silent from those that are not done, perhaps since they wait for the silent ones.
///
/// @collective over the ranks of the transport
class Agreement {
 public:
  /// Begins the next round.
  /// @param session must outlive this
  /// @param fields in the same order on every rank
  Agreement(AgreementSession& session, std::vector<AgreementField> fields, AgreementOptions options);
  Agreement(const Agreement&) = delete;
  Agreement& operator=(const Agreement&) = delete;
  /// A round left without a verdict stays the next one: see `abandon`.
  ~Agreement();

  /// Counts this rank as arrived, where it did not arrive at once. Does nothing after `fail`, and once there
  /// is a verdict.
  void arrive();
  /// Ends the agreement for all ranks: this one cannot go on. Does nothing the second time, and once there is
  /// a verdict.
  void fail(std::string what);

  /// Does what can be done without waiting. Returns whether the verdict is there and passed on.
  /// @throws ProtocolError if a message is not of this protocol
  bool step();

  /// The verdict, once `step` has returned true.
  [[nodiscard]] const Verdict& verdict() const { return verdict_.value(); }
  /// The messages this rank has sent so far.
  [[nodiscard]] int messages_sent() const noexcept { return messages_sent_; }

 private:
  /// Who holds another value of a field than this rank.
  struct Tally {
    std::string field;
    std::vector<HeldValue> values;
  };
  using Instant = Transport::Duration;

  [[nodiscard]] bool is_complete() const { return arrived_.size() == transport_.size(); }
  [[nodiscard]] std::vector<int> children() const;
  [[nodiscard]] Instant waited() const { return session_.elapsed(); }
  [[nodiscard]] Instant deadline() const noexcept { return session_.timeouts().deadline; }
  [[nodiscard]] Instant grace() const noexcept { return session_.timeouts().grace; }

  /// Handles what has come, until so many looks in a row find nothing.
  void take_messages(int looks);
  /// Whether what is done next rests on there being no more messages.
  [[nodiscard]] bool must_know_all() const;
  void handle(const Message& message);
  void merge_report(const Message& message);
  /// Notes what other ranks hold otherwise.
  /// @param from who reports
  /// @param ranks that have arrived below it; their fields are `text` but for the tallies
  void merge_fields(int from, const RankSet& ranks, std::string_view text, const std::vector<Tally>& tallies);
  void note_difference(std::string_view field, HeldValue held);
  void add_failure(RankFailure failure);
  void read_verdict(const Message& message);
  void settle(Verdict verdict);
  /// Reports to the parent, once, when all below this rank have arrived.
  void report_when_whole();
  void act_as_time_passes();
  void report_to(int rank);
  void tell_collectors_once(bool& told);
  void decide();
  void give_up();
  /// Whether it is known of every rank that it has arrived, or is there and has not.
  [[nodiscard]] bool has_heard_all() const;
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
  /// Those that were there when the deadline had passed.
  RankSet present_;
  /// The fields as one text: as long as all ranks hold the same, comparing them takes one look.
  std::string fields_text_;
  /// What ranks that have arrived hold otherwise. Of a field that is not here, all hold what this rank does.
  std::vector<Tally> differences_;
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

/// Runs the next round to its end.
/// @collective over the ranks of the transport
/// @throws DisagreementError, DeadlineError, BringUpError the same on every rank
/// @throws ProtocolError if a message is not of this protocol
void agree(AgreementSession& session, std::vector<AgreementField> fields, std::string step = "agreement");

/// Runs an agreement that has begun.
/// @throws as `agree` does
void finish(Agreement& agreement, AgreementSession& session);

/// A round without fields: returns when all ranks have arrived at a step.
/// @param failure why this rank cannot take it, if so: the round ends with an error on all ranks then
/// @collective over the ranks of the transport
/// @throws DeadlineError, BringUpError the same on every rank
void arrive(AgreementSession& session, std::string step, const std::optional<std::string>& failure = {});

/// Tells all ranks that this one leaves the bring-up, so that the next round ends with an error for them.
/// Takes no longer than a `grace`; does nothing where the bring-up is over already.
void abandon(AgreementSession& session, std::string why) noexcept;

}  // namespace rankmesh
