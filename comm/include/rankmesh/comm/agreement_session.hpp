#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "rankmesh/comm/errors.hpp"
#include "rankmesh/comm/export.hpp"
#include "rankmesh/comm/rank_set.hpp"
#include "rankmesh/comm/transport.hpp"

namespace RANKMESH_COMM_API rankmesh {

class [[gnu::visibility("hidden")]] Ballot;

/// How long to wait for other ranks. Durations beyond ten years count as ten years.
struct Timeouts {
  /// For the whole bring-up, from the arrival of the first rank. At least a millisecond.
  std::chrono::nanoseconds deadline = std::chrono::minutes(5);
  /// Sets how long ranks wait for an answer. After the deadline, the collector in charge waits half of it: a
  /// running rank whose answer takes longer is reported as missing.
  std::chrono::nanoseconds grace = std::chrono::seconds(5);

  bool operator==(const Timeouts&) const = default;
};

/// Along which paths reports and verdicts travel.
struct MessagePaths {
  /// The radix of the tree of the reports, see `docs/design.md`. At least 2.
  int tree_radix = 8;
  /// Up to this world size, the verdict that ends a bring-up is sent to each rank directly, and ranks report
  /// to the collectors directly when a round takes long. Beyond it, both go along the tree, past ranks that
  /// do not answer.
  int direct_up_to = 64;
};

/// How many ranks settle how a bring-up ends: 0, 1 and 2, the collectors. All ranks, in a smaller world.
inline constexpr int collector_limit = 3;
/// Whether a rank is a collector. It must keep its last agreement until that is over.
[[nodiscard]] constexpr bool is_collector(int rank) noexcept {
  return rank < collector_limit;
}

/// The agreements of one bring-up: they follow each other as rounds, on one channel and under one deadline.
/// No rank begins a round before all ranks have arrived in the round before, so a rank is at most one round
/// ahead of another.
///
/// If a rank dies after reporting its subtree and before passing the verdict on, the ranks below it stay in a
/// round that all others have left. They then report to the collectors, ranks 0 to 2, which answer with the
/// verdict of that round. A verdict that ends the bring-up ends the current round of a rank, whichever it is.
///
/// Each rank has one session for each bring-up. Several threads may use it one after another: an `Agreement`
/// holds the session until it is over.
class AgreementSession {
 public:
  /// A time on the clock of the transport.
  using Instant = Transport::Duration;

  /// @param transport must outlive this
  explicit AgreementSession(Transport& transport, Timeouts timeouts = {}, MessagePaths paths = {});
  AgreementSession(const AgreementSession&) = delete;
  AgreementSession& operator=(const AgreementSession&) = delete;
  ~AgreementSession() = default;

  /// The transport of the messages.
  [[nodiscard]] Transport& transport() const noexcept { return transport_; }
  /// How long to wait for other ranks.
  [[nodiscard]] const Timeouts& timeouts() const& noexcept { return timeouts_; }
  const Timeouts& timeouts() const&& = delete;
  /// The time since the arrival of the first rank, as far as this rank knows.
  [[nodiscard]] std::chrono::nanoseconds elapsed() const { return transport_.now() - started_; }
  /// The time left before the deadline; never less than a millisecond.
  [[nodiscard]] std::chrono::nanoseconds remaining() const;
  /// Whether a verdict has ended the bring-up on all ranks: no round can follow.
  [[nodiscard]] bool is_over() const noexcept { return is_over_; }
  /// Whether the bring-up has ended with success: its last agreement was marked `is_last`, and all agreed.
  [[nodiscard]] bool has_succeeded() const noexcept;

  /// Holds the session and its transport: waits until no other thread does. `Agreement` does so itself.
  [[nodiscard]] std::unique_lock<std::mutex> hold();
  /// Whether another thread waits to hold the session.
  [[nodiscard]] bool is_wanted() const noexcept { return waiting_ > 0; }

 private:
  friend class Agreement;
  friend class Ballot;

  /// The verdict that a collector has accepted from the leader of a ballot.
  struct Accepted {
    int ballot = 0;
    Bytes verdict;
  };

  /// The number of the next round.
  [[nodiscard]] std::uint64_t begin() noexcept { return next_round_++; }
  void reopen(std::uint64_t round) noexcept { next_round_ = round; }
  void send(int to, const Bytes& message);
  [[nodiscard]] bool sends_done() { return transport_.sends_done(Channel::agreement); }
  /// The next message for a round. Keeps what belongs to the next round, and answers ranks that are a round
  /// behind.
  [[nodiscard]] std::optional<Message> receive(std::uint64_t round);
  /// Whether a message of a later round was received: then all ranks have agreed in this one.
  [[nodiscard]] bool is_past(std::uint64_t round) const noexcept { return newest_round_ > round; }
  void note_report(const Message& message);
  void answer(const Message& message);
  /// Notes that ranks answered after the deadline, and what they were doing then.
  void note_presence(const std::vector<HeldValue>& places);
  /// Keeps the number of a round in which all agreed, for ranks that ask for it during the next one.
  void note_agreed(std::uint64_t round) noexcept { last_agreed_ = round; }
  /// Keeps the verdict that ends the bring-up.
  void end_with(Bytes verdict);

  Transport& transport_;
  Timeouts timeouts_;
  MessagePaths paths_;
  Instant started_;
  std::uint64_t next_round_ = 0;
  /// Messages of the next round, from ranks that are ahead.
  std::deque<Message> early_;
  std::uint64_t newest_round_ = 0;
  std::optional<std::uint64_t> last_agreed_;
  /// The verdict that ended the bring-up.
  Bytes decision_;
  std::atomic<bool> is_over_{false};
  /// What the ranks that answered after the deadline were doing then.
  std::vector<HeldValue> places_;
  RankSet present_;
  /// On a collector: the highest ballot it takes part in, and what it accepted.
  int promised_ = 0;
  std::optional<Accepted> accepted_;
  /// The state of an agreement that was handed over.
  std::shared_ptr<void> handed_over_;
  std::mutex mutex_;
  std::atomic<int> waiting_{0};
};

}  // namespace rankmesh
