#include "rankmesh/bringup/proof.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "rankmesh/comm/prove_groups.hpp"
#include "rankmesh/topology/rank_list.hpp"

namespace rankmesh::bringup {
namespace {

std::string text(const std::vector<int>& ranks) {
  constexpr std::size_t shown = 16;
  std::string result = "[";
  for (std::size_t i = 0; i < std::min(ranks.size(), shown); ++i) {
    result += (i == 0 ? "" : ", ") + std::to_string(ranks[i]);
  }
  if (ranks.size() > shown) result += ", ... (" + std::to_string(ranks.size()) + " ranks)";
  return result + "]";
}

std::string group_text(const Membership& mine) {
  return std::string(mine.kind.name()) + " group " + std::to_string(*mine.group);
}

}  // namespace

std::string check_presence(const GroupFamily& groups, const Membership& mine, int rank, Expected expected) {
  const auto place = groups.locate(rank);
  const bool is_expected = place && (groups.group_size() > 1 || expected == Expected::all_groups);
  const bool is_there = mine.operations != nullptr;
  const std::string who = "rank " + std::to_string(rank);
  const std::string what = std::string(mine.kind.name()) + " communicator";
  if (is_expected && !is_there) return who + " has no " + what;
  if (!is_expected && is_there) {
    return who + " has a " + what + (place ? ", but its group has one member" : ", but is in no group");
  }
  return "";
}

std::string prove_membership(const GroupFamily& groups, const Membership& mine, int rank,
                             const WhileWaiting& while_waiting) {
  if (mine.operations == nullptr) return "";
  const int size = mine.operations->size();
  const MembershipSum own = membership_hashes(static_cast<std::uint64_t>(rank));
  const std::vector<std::uint64_t> found = mine.operations->sum({own.begin(), own.end()}, while_waiting);
  const RankList expected = groups.group(*mine.group);
  std::vector<std::uint64_t> wanted(found.size());
  for (const int member : expected) {
    const MembershipSum its = membership_hashes(static_cast<std::uint64_t>(member));
    for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] += its[i];
  }
  if (found == wanted && size == expected.size()) return "";
  return group_text(mine) + " should have the members " + text(expected.to_vector()) +
         ", but the communicator of rank " + std::to_string(rank) + " has other members, " +
         std::to_string(size) + " in number";
}

std::string prove_order(const GroupFamily& groups, const Membership& mine, int rank,
                        const WhileWaiting& while_waiting) {
  if (mine.operations == nullptr) return "";
  const int position = mine.operations->position();
  const std::vector<int> found = mine.operations->gather(rank, while_waiting);
  const std::vector<int> wanted = groups.group(*mine.group).to_vector();
  if (found == wanted && position == mine.position) return "";
  return group_text(mine) + " should be " + text(wanted) + ", but the communicator holds " + text(found) +
         " and has rank " + std::to_string(rank) + " at position " + std::to_string(position);
}

}  // namespace rankmesh::bringup
