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

/// What the leader of a group sends to its members: bytes, for example an identifier, or why it has none.
struct Payload {
  /// The bytes; empty after a failure.
  Bytes bytes{};
  /// Why there are no bytes; empty if there are.
  std::string failure{};

  bool operator==(const Payload&) const = default;
};

/// How many members of this rank's group in a step contribute to its payload: from 1 to the size of the
/// group.
using ContributorCount = std::function<int(const RankStep& step)>;

/// The payload that the parts of a group make, called on its first member: in the order of the positions.
using CombineParts = std::function<Payload(std::size_t step, const std::vector<Payload>& parts)>;

/// The parts one behind the other, or the first failure.
[[nodiscard]] Payload joined(const std::vector<Payload>& parts);

/// A broadcast in every group of every step of a plan, from the first member to the others: one exchange for
/// all kinds together, along a tree over the positions of each group. A state machine over a transport that
/// never waits; the caller decides how long to continue.
///
/// Large groups may have several contributors: the first members of equally many slices, see `slice_begin`.
/// They send their parts to the first member, which broadcasts what they make: all parts joined in the order
/// of the positions, unless the caller combines them otherwise.
///
/// For each group, a rank other than the leader receives one message. Each rank sends O(log(group size))
/// messages for each of its groups, and one for each part it contributes.
///
/// @collective over the ranks of the transport, which are those of the plan
class GroupBroadcast {
 public:
  /// @param transport must outlive this, and so must `plan`
  /// @param contributors the same number on all members of a group; empty for one contributor in each group
  /// @param combine makes the payload of a group that this rank leads; empty for `joined`
  GroupBroadcast(Transport& transport, const CommunicatorPlan& plan,
                 const ContributorCount& contributors = {}, CombineParts combine = {});

  /// The steps to which this rank contributes. It must call `offer` once for each.
  [[nodiscard]] std::vector<std::size_t> contributions() const;
  /// Gives the part of this rank for a step.
  /// @throws StateError if it does not contribute to that step, or has offered already
  void offer(std::size_t step, Payload part);

  /// Makes progress without waiting. Returns whether this rank has the payloads of all its groups and its
  /// messages have been sent.
  /// @throws ProtocolError if a message does not belong to this protocol
  bool step();

  /// The payload of this rank's group in a step; nothing if it has not arrived yet or the rank has no group.
  [[nodiscard]] const std::optional<Payload>& payload(std::size_t step) const& {
    return steps_.at(step).payload;
  }
  const std::optional<Payload>& payload(std::size_t step) const&& = delete;
  /// The messages this rank has sent so far.
  [[nodiscard]] int messages_sent() const noexcept { return messages_sent_; }

 private:
  /// One step as this rank sees it.
  struct StepState {
    RankStep step;
    int contributors = 0;
    /// The number of this rank among the contributors, if it is one.
    std::optional<int> contributor_index{};
    bool has_offered = false;
    /// On the first member: the parts that have arrived.
    std::vector<std::optional<Payload>> parts{};
    std::optional<Payload> payload{};
  };

  void add_part(StepState& state, std::size_t index, Payload part);
  void accept(StepState& state, Payload payload);
  void handle(const Message& message);
  [[nodiscard]] int rank_at(const StepState& state, int position) const;

  Transport& transport_;
  const CommunicatorPlan& plan_;
  CombineParts combine_;
  std::vector<StepState> steps_;
  std::size_t missing_ = 0;
  int messages_sent_ = 0;
};

}  // namespace rankmesh
