#include "rankmesh/bringup/proof.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "rankmesh/topology/rank_list.hpp"

namespace rankmesh::bringup {
namespace {

/// The finalizer of splitmix64: a bijection of 64 bits in which neighbours have nothing in common.
std::uint64_t hash(int rank) {
  std::uint64_t x = static_cast<std::uint64_t>(rank) + 0x9E3779B97F4A7C15U;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

/// What identifies a set of ranks, whatever the order they come in.
struct Fingerprint {
  std::uint64_t sum = 0;
  std::uint64_t exclusive_or = 0;

  void add(int rank) {
    sum += hash(rank);
    exclusive_or ^= hash(rank);
  }
  bool operator==(const Fingerprint&) const = default;
};

std::string text(const std::vector<int>& ranks) {
  constexpr std::size_t shown = 16;
  std::string result = "[";
  for (std::size_t i = 0; i < std::min(ranks.size(), shown); ++i) {
    result += (i == 0 ? "" : ", ") + std::to_string(ranks[i]);
  }
  if (ranks.size() > shown) result += ", ... (" + std::to_string(ranks.size()) + " ranks)";
  return result + "]";
}

/// What is wrong without a message being sent: a communicator that is there and should not be, or the
/// reverse.
std::string check_presence(const GroupFamily& groups, const GroupCommunicator<MPI_Comm>& mine, int rank) {
  const auto place = groups.locate(rank);
  const bool expected = place && groups.group_size() > 1;
  const std::string who = "rank " + std::to_string(rank);
  const std::string what = std::string(mine.kind.name()) + " communicator";
  if (expected && !mine.has_communicator()) return who + " has no " + what;
  if (!expected && mine.has_communicator()) {
    return who + " has a " + what + (place ? ", but its group has one member" : ", but is in no group");
  }
  return "";
}

/// The ranks of the members by position.
std::vector<int> gather_ranks(MPI_Comm communicator, int rank) {
  int size = 0;
  MPI_Comm_size(communicator, &size);
  std::vector<int> ranks(static_cast<std::size_t>(size));
  MPI_Allgather(&rank, 1, MPI_INT, ranks.data(), 1, MPI_INT, communicator);
  return ranks;
}

}  // namespace

std::string prove_membership(const GroupFamily& groups, const GroupCommunicator<MPI_Comm>& mine, int rank) {
  std::string wrong = check_presence(groups, mine, rank);
  if (!wrong.empty() || !mine.has_communicator()) return wrong;

  Fingerprint own;
  own.add(rank);
  Fingerprint found;
  int size = 0;
  MPI_Comm_size(mine.native(), &size);
  MPI_Allreduce(&own.sum, &found.sum, 1, MPI_UINT64_T, MPI_SUM, mine.native());
  MPI_Allreduce(&own.exclusive_or, &found.exclusive_or, 1, MPI_UINT64_T, MPI_BXOR, mine.native());

  const RankList expected = groups.group(*mine.group);
  Fingerprint wanted;
  for (const int member : expected) wanted.add(member);
  if (found == wanted && size == expected.size()) return "";
  return std::string(mine.kind.name()) + " group " + std::to_string(*mine.group) +
         " should have the members " + text(expected.to_vector()) + ", but the communicator of rank " +
         std::to_string(rank) + " has other members, " + std::to_string(size) + " in number";
}

std::string prove_order(const GroupFamily& groups, const GroupCommunicator<MPI_Comm>& mine, int rank) {
  if (!mine.has_communicator() || !check_presence(groups, mine, rank).empty()) return "";
  int position = 0;
  MPI_Comm_rank(mine.native(), &position);
  const std::vector<int> found = gather_ranks(mine.native(), rank);
  const std::vector<int> wanted = groups.group(*mine.group).to_vector();
  if (found == wanted && position == mine.position) return "";
  return std::string(mine.kind.name()) + " group " + std::to_string(*mine.group) + " should be " +
         text(wanted) + ", but the communicator holds " + text(found) + " and has rank " +
         std::to_string(rank) + " at position " + std::to_string(position);
}

}  // namespace rankmesh::bringup
