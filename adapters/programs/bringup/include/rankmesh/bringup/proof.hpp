#pragma once

#include <optional>
#include <string>

#include "rankmesh/bringup/operations.hpp"
#include "rankmesh/comm/communicator_set.hpp"

namespace rankmesh::bringup {

/// What a rank has of a kind, whatever library its communicator is of.
struct Holding {
  GroupKind kind;
  std::optional<int> group{};
  int position = 0;
  /// In the communicator; null where the rank has none.
  GroupOperations* operations = nullptr;
};

/// What a rank has of a kind, with the operations in its communicator.
template <typename Native>
[[nodiscard]] Holding holding_of(const GroupCommunicator<Native>& mine, GroupOperations* operations) {
  return {.kind = mine.kind, .group = mine.group, .position = mine.position, .operations = operations};
}

/// Proves that a communicator is the group it should be, by communicating in it:
///
/// - membership: two sums over different hashes of the members' ranks, which no other set of that size
///   matches but by a chance of about 2^-128;
/// - order: a gather of the members' ranks, compared position by position.
///
/// @param groups the family the communicator is made from
/// @param mine what this rank has of the kind
/// @param rank this rank in the world
/// @return what is wrong, naming kind, group and ranks; empty if nothing is, or there is nothing to prove
/// @collective over the members of the communicator
/// @throws Error where the library of the communicator reports one, and whatever `while_waiting` throws
[[nodiscard]] std::string prove_membership(const GroupFamily& groups, const Holding& mine, int rank,
                                           const WhileWaiting& while_waiting);
[[nodiscard]] std::string prove_order(const GroupFamily& groups, const Holding& mine, int rank,
                                      const WhileWaiting& while_waiting);

}  // namespace rankmesh::bringup
