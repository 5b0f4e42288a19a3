#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "rankmesh/comm/errors.hpp"
#include "rankmesh/comm/transport.hpp"
#include "rankmesh/topology/config_text.hpp"

namespace rankmesh {

/// One value that all ranks must have in common.
struct AgreementField {
  std::string field;
  std::string value;
  /// The value it must have besides, where this rank knows it.
  std::optional<std::string> required{};
  /// Whether it follows from the other fields (a digest, say): a difference is reported only if no other is.
  bool is_derived = false;

  bool operator==(const AgreementField&) const = default;
};

/// How long to wait for the others.
struct AgreementOptions {
  /// From the arrival of the first rank to the verdict. At least a millisecond.
  std::chrono::nanoseconds deadline = std::chrono::minutes(5);
  /// What a message may take at the most: how much longer than the deadline a rank waits for the verdict of
  /// rank 0, and then as long again for that of rank 1.
  std::chrono::nanoseconds grace = std::chrono::seconds(5);
  /// The name of the step in errors.
  std::string step = "agreement";
  Channel channel = Channel::arrival;
  /// Whether this rank counts as arrived from the start. If not, it takes part in the protocol, and may end
  /// with the verdict that others brought about, but is waited for until it calls `arrive` or `fail`.
  bool arrives_at_once = true;
};

/// What came of an agreement.
struct Verdict {
  enum class Outcome { agreed, disagreed, deadline_missed, failed };

  Outcome outcome = Outcome::agreed;
  /// The fields that differ, where the outcome is `disagreed`.
  std::vector<Disagreement> disagreements{};
  /// What went wrong on which rank, where the outcome is `failed`.
  std::vector<RankFailure> failures{};
  /// The step, and where the outcome is `deadline_missed`, who did not come.
  DeadlineError::Details deadline{};

  /// Throws the error that the verdict stands for; returns if the ranks agree.
  /// @throws DisagreementError, DeadlineError, BringUpError
  void raise() const;

  bool operator==(const Verdict&) const = default;
};

/// Arrival and agreement in one: every rank learns that all ranks are here and hold the same values, or which
/// do not, or which did not come in time. A state machine over a transport; `agree` runs it.
///
/// When all is well, reports travel up a binomial tree to rank 0 and its verdict travels down again: two
/// messages per rank, O(log N) steps, each message of a size independent of N. A rank that has waited an
/// eighth of the deadline, and again when it has waited all of it, reports to ranks 0 and 1 directly as well,
/// so that a rank that is gone hides nobody. Rank 0 gives its verdict when the first rank has waited for the
/// deadline; if it is silent too, rank 1 does, one `grace` later; and if both are silent, every rank names
/// these two, another `grace` later. Every rank that is running and inside the agreement so ends it in
/// bounded time. A verdict on a missed deadline goes to all ranks, also to those that are yet to come.
///
/// A rank may have work to do before it counts as arrived, and may fail at it: a failure ends the agreement
/// on all ranks at once, with an error that names the ranks that failed.
///
/// @collective over the ranks of the transport
class Agreement {
 public:
  /// @param transport must outlive this
  /// @param fields in the same order on every rank
  Agreement(Transport& transport, const std::vector<AgreementField>& fields, AgreementOptions options);

  /// Counts this rank as arrived, where it did not arrive at once. Does nothing once there is a verdict.
  void arrive();
  /// Ends the agreement for all ranks: this one cannot go on. Does nothing once there is a verdict.
  void fail(std::string what);

  /// Does what can be done without waiting. Returns whether the verdict is there and passed on.
  /// @throws ProtocolError if a message is not of this protocol
  bool step();

  /// The verdict, once `step` has returned true.
  [[nodiscard]] const Verdict& verdict() const { return verdict_.value(); }
  /// The messages this rank has sent so far.
  [[nodiscard]] int messages_sent() const noexcept { return messages_sent_; }

 private:
  /// Who holds which value of a field.
  struct Tally {
    std::string field;
    std::vector<HeldValue> values;
  };
  using Instant = Transport::Duration;

  [[nodiscard]] bool is_complete() const { return arrived_.size() == transport_.size(); }
  [[nodiscard]] std::vector<int> children() const;
  [[nodiscard]] Instant waited() { return transport_.now() - first_arrival_; }

  void handle(const Message& message);
  void merge_report(const Message& message);
  void add_failure(RankFailure failure);
  void read_verdict(const Message& message);
  void act_as_time_passes();
  void report_to(int rank);
  void escalate_at(Instant waited, bool& escalated);
  void decide();
  void give_up();
  void miss_deadline(RankSet missing, bool complete);
  void send_verdict(const std::vector<int>& ranks);
  void send_verdict_to_all();
  [[nodiscard]] std::vector<Disagreement> find_disagreements() const;

  Transport& transport_;
  AgreementOptions options_;
  std::vector<AgreementField> fields_;
  RankSet arrived_;
  std::vector<Tally> tallies_;
  /// When the rank that came first came, as far as this rank knows.
  Instant first_arrival_;
  Instant own_arrival_;
  /// The size of the subtree of this rank, itself included.
  int subtree_ = 1;
  bool reported_ = false;
  bool escalated_early_ = false;
  bool escalated_at_deadline_ = false;
  /// In the order of the ranks.
  std::vector<RankFailure> failures_;
  /// When this rank heard of the first failure.
  Instant first_failure_{};
  int messages_sent_ = 0;
  std::optional<Verdict> verdict_;
};

/// Runs an agreement to its end.
/// @collective over the ranks of the transport
/// @throws DisagreementError, DeadlineError the same on every rank
/// @throws ProtocolError if a message is not of this protocol
void agree(Transport& transport, const std::vector<AgreementField>& fields, const AgreementOptions& options);

/// The fields of a configuration, in the order of declaration; the world size is required to be that of the
/// transport.
[[nodiscard]] std::vector<AgreementField> agreement_fields(const ParallelConfig& config, int world_size);

}  // namespace rankmesh
