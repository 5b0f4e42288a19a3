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
  /// What a message may take at the most: how much longer than the deadline a rank waits for the verdict of
  /// rank 0, and then as long again for that of rank 1.
  std::chrono::nanoseconds grace = std::chrono::seconds(5);

  bool operator==(const Timeouts&) const = default;
};

/// What the agreements of one bring-up have in common: they follow each other in session, on one channel and
/// under one deadline. A round begins on no rank before all have arrived in the one before, so a rank is at
/// most one round ahead of another.
///
/// A rank that dies after it has told of the arrivals below it, and before it has passed the verdict on,
/// leaves the ranks below it in a round that all others have left. They ask ranks 0 and 1 then, and these
/// answer with the verdict of the round before; a verdict against the bring-up ends the round a rank is in,
/// whichever it was given in.
///
/// One bring-up has one such object on each rank, and lives no longer than it.
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

  /// What the messages go through.
  [[nodiscard]] Transport& transport() const noexcept { return transport_; }
  /// How long to wait.
  [[nodiscard]] const Timeouts& timeouts() const noexcept { return timeouts_; }
  /// How long this bring-up has gone on, from the arrival of the first rank as far as this rank knows.
  [[nodiscard]] std::chrono::nanoseconds elapsed() const { return transport_.now() - started_; }
  /// What is left of the deadline; never less than a millisecond.
  [[nodiscard]] std::chrono::nanoseconds remaining() const;
  /// Whether a verdict has ended the bring-up: no round can follow, and nobody needs to be told anything.
  [[nodiscard]] bool is_over() const noexcept { return is_over_; }

 private:
  friend class Agreement;

  /// The number of the next round.
  [[nodiscard]] std::uint64_t begin() noexcept { return next_round_++; }
  void reopen(std::uint64_t round) noexcept { next_round_ = round; }
  void send(int to, const Bytes& message);
  [[nodiscard]] bool sends_done() { return transport_.sends_done(channel_); }
  /// The next message of a round, or the next verdict against the bring-up. Answers those who are behind.
  [[nodiscard]] std::optional<Message> receive(std::uint64_t round);
  void answer(const Message& message);
  /// Another rank knows that the bring-up has gone on for this long.
  void started_no_later_than(std::chrono::nanoseconds ago);
  /// Keeps the verdict of a round, for those who ask in the next.
  void remember(std::uint64_t round, Bytes verdict, bool is_over);

  Transport& transport_;
  Timeouts timeouts_;
  Channel channel_;
  Instant started_;
  std::uint64_t next_round_ = 0;
  /// Of the round to come: from ranks that are ahead.
  std::deque<Message> early_;
  std::uint64_t last_round_ = 0;
  Bytes last_verdict_;
  bool is_over_ = false;
};

}  // namespace rankmesh
