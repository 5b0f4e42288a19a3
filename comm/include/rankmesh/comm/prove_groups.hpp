#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "rankmesh/comm/export.hpp"
#include "rankmesh/comm/plan.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/rank_list.hpp"

namespace RANKMESH_COMM_API rankmesh {

/// The sums of two independent hashes over the members of a group, modulo 2^64. They tell who the members
/// are: others give the same sums with a probability of 2^-128. Sums, because NCCL has no reduction with
/// exclusive or.
using MembershipSum = std::array<std::uint64_t, 2>;

/// What a member adds to the sums of its group.
/// @param member a number that no other member has
[[nodiscard]] MembershipSum membership_hashes(std::uint64_t member) noexcept;

/// The same for a process at a position of its group: then the sums also tell the order of the members.
[[nodiscard]] MembershipSum membership_hashes(int process, int position) noexcept;

/// The sums over a group, by process and position. O(group size).
[[nodiscard]] MembershipSum membership_sum(const RankList& group, std::span<const int> process_of_rank);

/// Proves every communicator that this rank has, one after another in the order of the plan: the sums that
/// its members compute in it are those of the group.
/// @param made the communicators of an adapter
/// @param process_of_rank the processes of all ranks
/// @param sum computes the sums of `membership_hashes(process, position)` in a communicator, with the
///        position that the library says: `sum(kind, native)` gives a `MembershipSum`, or throws
/// @collective over the ranks
/// @throws Error if a communicator has other members or another order; what `sum` throws
template <typename Communicators, typename Sum>
void prove_groups(const Communicators& made, std::span<const int> process_of_rank, const Sum& sum) {
  for (const PlanStep& step : made.plan().steps()) {
    const auto group = made.at(step.kind);
    if (!group.has_communicator()) continue;
    const RankList members = made.plan().topology().group_of(step.kind, made.rank());
    if (sum(step.kind, group.native()) == membership_sum(members, process_of_rank)) continue;
    throw Error("the " + std::string(step.kind.name()) +
                " communicator does not have the members of its group in their order");
  }
}

}  // namespace rankmesh
