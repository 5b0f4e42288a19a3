#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rankmesh/comm/plan.hpp"
#include "rankmesh/comm/transport.hpp"

namespace rankmesh {

/// What the leader of a group hands to its members: bytes (an identifier, say), or the word that it has none.
struct Handout {
  Bytes bytes{};
  /// Why there are no bytes; empty if there are.
  std::string failure{};

  bool operator==(const Handout&) const = default;
};

/// In every group of every step of a plan, the first member hands something to the others: one exchange for
/// all kinds together, along a binomial tree over the positions of each group. A state machine over a
/// transport that waits for nobody; whoever drives it decides how long to go on.
///
/// A rank receives one message for each step in which it has a group and does not lead it, and sends no more
/// than log2(group size) for each step in which it has a group.
///
/// @collective over the ranks of the transport, which are those of the plan
class HandoutExchange {
 public:
  /// @param transport must outlive this
  HandoutExchange(Transport& transport, const CommunicatorPlan& plan);

  /// The steps in which this rank leads its group, for each of which it must call `offer`.
  [[nodiscard]] std::vector<std::size_t> led() const;
  /// What this rank hands out in a step it leads.
  /// @throws StateError if it does not lead a group in that step, or has offered already
  void offer(std::size_t step, Handout handout);

  /// Does what can be done without waiting. Returns whether this rank has the handout of every group it is
  /// in, and all it has passed on is out of its hands.
  /// @throws ProtocolError if a message is not of this protocol
  bool step();

  /// What was handed out in a step; nothing if it has not come yet, or this rank has no group in the step.
  [[nodiscard]] const std::optional<Handout>& handout(std::size_t step) const { return handouts_.at(step); }
  /// The messages this rank has sent so far.
  [[nodiscard]] int messages_sent() const noexcept { return messages_sent_; }

 private:
  void accept(std::size_t step, Handout handout);
  void handle(const Message& message);

  Transport& transport_;
  const CommunicatorPlan& plan_;
  std::vector<RankStep> steps_;
  std::vector<std::optional<Handout>> handouts_;
  std::size_t missing_ = 0;
  int messages_sent_ = 0;
};

}  // namespace rankmesh
