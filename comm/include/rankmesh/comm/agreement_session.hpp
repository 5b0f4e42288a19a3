#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "rankmesh/comm/export.hpp"
#include "rankmesh/comm/transport.hpp"

namespace RANKMESH_COMM_API rankmesh {

/// How long to wait for other ranks.
struct Timeouts {
  /// For the whole bring-up, from the arrival of the first rank. At least a millisecond.
  std::chrono::nanoseconds deadline = std::chrono::minutes(5);
  /// The longest time that a message may take. After the deadline a rank waits so long for the verdict of
  /// rank 0, and then so long again for that of rank 1.
  std::chrono::nanoseconds grace = std::chrono::seconds(5);

  bool operator==(const Timeouts&) const = default;
};

/// The agreements of one bring-up: they follow each other as rounds, on one channel and under one deadline.
/// No rank begins a round before all ranks have arrived in the round before, so a rank is at most one round
/// ahead of another.
///
/// If a rank dies after reporting its subtree and before passing the verdict on, the ranks below it stay in a
/// round that all others have left. They then ask ranks 0 and 1, which answer with the verdict of that round.
/// A verdict that ends the bring-up ends the current round of a rank, even if it was given in the next one.
///
/// Each rank has one session for each bring-up.
class AgreementSession {
 public:
  /// A time on the clock of the transport.
  using Instant = Transport::Duration;

  /// @param transport must outlive this
  explicit AgreementSession(Transport& transport, Timeouts timeouts = {},
                            Channel channel = Channel::agreement);
  AgreementSession(const AgreementSession&) = delete;
  AgreementSession& operator=(const AgreementSession&) = delete;
  ~AgreementSession() = default;

  /// The transport of the messages.
  [[nodiscard]] Transport& transport() const noexcept { return transport_; }
  /// How long to wait for other ranks.
  [[nodiscard]] const Timeouts& timeouts() const noexcept { return timeouts_; }
  /// The time since the arrival of the first rank, as far as this rank knows.
  [[nodiscard]] std::chrono::nanoseconds elapsed() const { return transport_.now() - started_; }
  /// The time left before the deadline; never less than a millisecond.
  [[nodiscard]] std::chrono::nanoseconds remaining() const;
  /// Whether a verdict has ended the bring-up on all ranks: no round can follow.
  [[nodiscard]] bool is_over() const noexcept { return is_over_; }

 private:
  friend class Agreement;

  /// The number of the next round.
  [[nodiscard]] std::uint64_t begin() noexcept { return next_round_++; }
  void reopen(std::uint64_t round) noexcept { next_round_ = round; }
  void send(int to, const Bytes& message);
  [[nodiscard]] bool sends_done() { return transport_.sends_done(channel_); }
  /// The next message of a round, or the next verdict that ends the bring-up. Answers ranks that are a round
  /// behind.
  [[nodiscard]] std::optional<Message> receive(std::uint64_t round);
  void answer(const Message& message);
  /// Notes that another rank began the bring-up this long ago.
  void started_no_later_than(std::chrono::nanoseconds ago);
  /// Keeps the verdict of a round, for ranks that ask for it during the next one.
  void remember(std::uint64_t round, Bytes verdict, bool is_over);

  Transport& transport_;
  Timeouts timeouts_;
  Channel channel_;
  Instant started_;
  std::uint64_t next_round_ = 0;
  /// Messages of the next round, from ranks that are ahead.
  std::deque<Message> early_;
  std::uint64_t last_round_ = 0;
  Bytes last_verdict_;
  bool is_over_ = false;
};

}  // namespace rankmesh
