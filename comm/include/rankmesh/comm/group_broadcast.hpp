#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "rankmesh/comm/export.hpp"
#include "rankmesh/comm/plan.hpp"
#include "rankmesh/comm/transport.hpp"

namespace RANKMESH_COMM_API rankmesh {

/// What the leader of a group hands to its members: bytes (an identifier, say), or the word that it has none.
struct Payload {
  /// What its leader hands to the group.
  Bytes bytes{};
  /// Why there are no bytes; empty if there are.
  std::string failure{};

  bool operator==(const Payload&) const = default;
};

/// How many members of a group contribute to what is handed out in it: from 1 to the size of the group.
using ContributorCount = std::function<int(int group_size)>;

/// In every group of every step of a plan, the first member hands something to the others: one exchange for
/// all kinds together, along a tree over the positions of each group. A state machine over a
/// transport that waits for nobody; whoever drives it decides how long to go on.
///
/// Large groups may have several contributors, the first members of as many slices of nearly equal length,
/// the longer ones first. They send their parts to the first member, which hands out all of them, joined in
/// the order of the positions.
///
/// A rank receives one message for each step in which it has a group and does not lead it, and sends
/// O(log(group size)) for each step in which it has a group, and one for each part it contributes.
///
/// @collective over the ranks of the transport, which are those of the plan
class GroupBroadcast {
 public:
  /// @param transport must outlive this, and so must `plan`
  /// @param contributors the same on every rank; one if empty
  GroupBroadcast(Transport& transport, const CommunicatorPlan& plan,
                 const ContributorCount& contributors = {});

  /// The steps to which this rank contributes, for each of which it must call `offer`.
  [[nodiscard]] std::vector<std::size_t> contributions() const;
  /// What this rank contributes to a step.
  /// @throws StateError if it does not contribute to that step, or has offered already
  void offer(std::size_t step, Payload part);

  /// Does what can be done without waiting. Returns whether this rank has the payload of every group it is
  /// in, and all it has passed on is out of its hands.
  /// @throws ProtocolError if a message is not of this protocol
  bool step();

  /// What was handed out in a step; nothing if it has not come yet, or this rank has no group in the step.
  [[nodiscard]] const std::optional<Payload>& payload(std::size_t step) const {
    return steps_.at(step).payload;
  }
  /// The messages this rank has sent so far.
  [[nodiscard]] int messages_sent() const noexcept { return messages_sent_; }

 private:
  /// One step as this rank sees it.
  struct StepState {
    RankStep step;
    int contributors = 0;
    /// Which of the contributors this rank is, if one.
    std::optional<int> contributes{};
    bool has_offered = false;
    /// On the first member: what has come of the contributors.
    std::vector<std::optional<Payload>> parts{};
    std::optional<Payload> payload{};
  };

  void add_part(StepState& state, std::size_t index, Payload part);
  void accept(StepState& state, Payload payload);
  void handle(const Message& message);
  [[nodiscard]] int rank_at(const StepState& state, int position) const;

  Transport& transport_;
  const CommunicatorPlan& plan_;
  std::vector<StepState> steps_;
  std::size_t missing_ = 0;
  int messages_sent_ = 0;
};

}  // namespace rankmesh
