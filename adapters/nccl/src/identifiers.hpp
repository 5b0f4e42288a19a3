#pragma once

#include <nccl.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rankmesh/comm/bootstrap.hpp"
#include "rankmesh/comm/bring_up.hpp"
#include "rankmesh/comm/group_broadcast.hpp"
#include "rankmesh/nccl/host_side.hpp"

namespace rankmesh::nccl {

/// The unique IDs that the communicators of this rank are initialised with.
class Identifiers {
 public:
  /// Identifies a communicator: a step of the plan, or nothing for the world.
  using PlanStep = std::optional<std::size_t>;

  /// By step of the plan: whether this rank has an older communicator to go on with; nothing for a group that
  /// goes on with none. Where all members of a group have theirs, they need no ID.
  using HasOlder = std::vector<std::optional<bool>>;

  /// @param bring_up must outlive this
  /// @param ranks_per_identifier see `identifier_count`
  /// @param has_older for an exchange; empty for none
  Identifiers(rankmesh::BringUp& bring_up, int ranks_per_identifier, HasOlder has_older);

  /// Makes the IDs that this rank contributes and begins to exchange them with the other members of its
  /// groups, all kinds in one exchange of messages. Where a group may go on with an older communicator, all
  /// members tell the first whether they have it. Returns why an ID could not be made, or nothing.
  [[nodiscard]] std::optional<std::string> begin_exchange();
  /// Continues the exchange, without waiting. Returns whether this rank has the IDs of all its groups.
  [[nodiscard]] bool continue_exchange();

  /// Broadcasts the IDs of each group of this rank. A rank that cannot make an ID broadcasts that it has
  /// none, so that nobody waits for it. Returns why an ID could not be made, or nothing.
  /// @collective over the ranks of the job
  [[nodiscard]] std::optional<std::string> broadcast_in_groups(HostSide& host);
  /// Broadcasts the IDs of the communicator over the world.
  /// @collective over the ranks of the job
  [[nodiscard]] std::optional<std::string> broadcast_in_world(Bootstrap& bootstrap);

  /// The IDs of a communicator; nothing if they are not known yet. None if all members of the group go on
  /// with an older communicator.
  [[nodiscard]] const std::optional<std::vector<ncclUniqueId>>& of(PlanStep step) const {
    return at(step).known;
  }
  /// How many IDs this rank made for a communicator. NCCL keeps a thread and sockets for an ID until it is
  /// used.
  [[nodiscard]] int made(PlanStep step) const { return at(step).made; }

 private:
  struct OfCommunicator {
    std::optional<std::vector<ncclUniqueId>> known{};
    int made = 0;
  };

  [[nodiscard]] std::size_t index_of(PlanStep step) const { return step.value_or(identifiers_.size() - 1); }
  [[nodiscard]] OfCommunicator& at(PlanStep step) { return identifiers_[index_of(step)]; }
  [[nodiscard]] const OfCommunicator& at(PlanStep step) const { return identifiers_[index_of(step)]; }
  /// Makes an ID. Returns why it could not, or nothing.
  [[nodiscard]] std::optional<std::string> make(PlanStep step, ncclUniqueId& identifier);
  [[nodiscard]] bool may_have_older(std::size_t step) const {
    return step < has_older_.size() && has_older_[step].has_value();
  }
  /// What the first member of a group makes of the parts of all: the IDs, or none.
  [[nodiscard]] Payload combine(std::size_t step, const std::vector<Payload>& parts);
  /// Sends bytes from the member at a position to the others. Returns why it could not, or nothing.
  using Send = std::function<std::optional<std::string>(std::span<std::byte> bytes, int root)>;
  /// Broadcasts the IDs of one communicator.
  [[nodiscard]] std::optional<std::string> broadcast(PlanStep step, int position, int size, const Send& send);

  rankmesh::BringUp& bring_up_;
  int ranks_per_identifier_;
  HasOlder has_older_;
  /// By step of the plan; the last entry is that of the world.
  std::vector<OfCommunicator> identifiers_;
  std::optional<GroupBroadcast> exchange_{};
};

}  // namespace rankmesh::nccl
