#pragma once

#include <cstdint>
#include <optional>

#include "protocol/agreement_message.hpp"
#include "rankmesh/comm/agreement_session.hpp"
#include "rankmesh/comm/rank_set.hpp"
#include "rankmesh/comm/transport.hpp"

namespace rankmesh {

[[nodiscard]] constexpr int collector_count(int world_size) noexcept {
  return world_size < collector_limit ? world_size : collector_limit;
}

/// How the collectors settle on one verdict: single-decree Paxos among them (Lamport, The Part-Time
/// Parliament, 1998), with one ballot for each: collector k leads ballot k. A leader asks the others what
/// they have accepted (`prepare`, `promise`; not needed in ballot 0, which is the first), proposes that
/// verdict of the highest ballot or else its own (`proposal`, `acceptance`), and knows that it is chosen when
/// enough have accepted. What a collector promised and accepted is kept in the session, across its rounds.
class Ballot {
 public:
  /// @param session must outlive this
  explicit Ballot(AgreementSession& session) : session_(session) {}

  [[nodiscard]] bool is_led_here() const noexcept { return phase_ != Phase::none; }
  [[nodiscard]] bool is_proposed() const noexcept { return phase_ == Phase::proposing; }
  /// When the current phase began.
  [[nodiscard]] Transport::Duration since() const noexcept { return since_; }
  /// Whether another collector has begun a higher ballot than this rank leads.
  [[nodiscard]] bool is_overtaken() const noexcept { return session_.promised_ > transport().rank(); }

  /// Begins the ballot of this rank.
  void begin(std::uint64_t round, Transport::Duration now);
  /// Whether all other collectors have promised.
  [[nodiscard]] bool has_all_promises() const noexcept;
  /// The verdict that may have been chosen already, and must be proposed therefore.
  [[nodiscard]] const Bytes* accepted_before() const noexcept;
  /// Proposes a verdict.
  void propose(std::uint64_t round, Bytes verdict, Transport::Duration now);
  /// The number of collectors that have accepted, this one included.
  [[nodiscard]] int acceptances() const noexcept { return 1 + static_cast<int>(answered_.size()); }
  /// What this rank has proposed.
  [[nodiscard]] const Bytes& proposed() const noexcept { return proposed_; }

  /// Handles a message of a ballot.
  /// @throws ProtocolError
  void handle(const Message& message, std::uint64_t round);
  /// The messages that this rank has sent for ballots.
  [[nodiscard]] int messages_sent() const noexcept { return messages_sent_; }

 private:
  enum class Phase { none, preparing, proposing };

  [[nodiscard]] Transport& transport() const noexcept { return session_.transport(); }
  void send(int to, const MessageWriter& writer);
  void send_to_others(const MessageWriter& writer);

  AgreementSession& session_;
  Phase phase_ = Phase::none;
  Transport::Duration since_{0};
  Bytes proposed_;
  /// The other collectors that have answered in the current phase.
  RankSet answered_;
  int messages_sent_ = 0;
};

}  // namespace rankmesh
