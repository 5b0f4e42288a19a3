#pragma once

#include <optional>
#include <string>

#include "rankmesh/bringup/operations.hpp"
#include "rankmesh/comm/communicator_set.hpp"

namespace rankmesh::bringup {

/// The membership of a rank in the group of one kind, with its communicator.
struct Membership {
  GroupKind kind;
  /// Nothing if the rank is in no group of the kind.
  std::optional<int> group{};
  int position = 0;
  /// The operations in the communicator; null if the rank has none.
  GroupOperations* operations = nullptr;
};

/// The membership that the communicators of an adapter report.
template <typename Native>
[[nodiscard]] Membership membership_of(const GroupCommunicator<Native>& reported,
                                       GroupOperations* operations) {
  return {.kind = reported.kind,
          .group = reported.group,
          .position = reported.position,
          .operations = operations};
}

/// Which groups should have a communicator.
enum class Expected {
  /// Groups of two or more ranks, as rankmesh makes them.
  groups_of_several,
  /// Groups of one rank too.
  all_groups,
};

/// Checks that a rank has a communicator exactly if its group should have one. Sends nothing.
/// @param groups the family of groups of the kind
/// @param rank this rank in the world
/// @return what is wrong; empty if nothing is
[[nodiscard]] std::string check_presence(const GroupFamily& groups, const Membership& mine, int rank,
                                         Expected expected = Expected::groups_of_several);

/// Proves by communication that a communicator contains the ranks of its group:
///
/// - membership: two sums over different hashes of the members' ranks; another set of ranks of that size
///   gives the same sums with probability about 2^-128;
/// - order: a gather of the members' ranks, compared position by position.
///
/// @param mine checked by `check_presence` on all ranks of the group
/// @return what is wrong, with kind, group and ranks; empty if nothing is, or if there is no communicator
/// @collective over the members of the communicator
/// @throws Error if the library of the communicator reports an error, and whatever `while_waiting` throws
[[nodiscard]] std::string prove_membership(const GroupFamily& groups, const Membership& mine, int rank,
                                           const WhileWaiting& while_waiting);
[[nodiscard]] std::string prove_order(const GroupFamily& groups, const Membership& mine, int rank,
                                      const WhileWaiting& while_waiting);

}  // namespace rankmesh::bringup
