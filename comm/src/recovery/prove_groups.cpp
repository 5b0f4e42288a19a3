#include "rankmesh/comm/prove_groups.hpp"

namespace rankmesh {
namespace {

/// The finalizer of splitmix64: a bijection of 64-bit words that maps neighbouring numbers to unrelated ones.
std::uint64_t mixed(std::uint64_t x) noexcept {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

}  // namespace

MembershipSum membership_hashes(std::uint64_t member) noexcept {
  return {mixed(member + 0x9E3779B97F4A7C15U), mixed(~member * 0xD1342543DE82EF95U)};
}

MembershipSum membership_hashes(int process, int position) noexcept {
  return membership_hashes(static_cast<std::uint64_t>(process) << 32 | static_cast<std::uint32_t>(position));
}

MembershipSum membership_sum(const RankList& group, std::span<const int> process_of_rank) {
  MembershipSum sum{};
  int position = 0;
  for (const int rank : group) {
    const MembershipSum own = membership_hashes(process_of_rank[static_cast<std::size_t>(rank)], position++);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += own[i];
  }
  return sum;
}

}  // namespace rankmesh
