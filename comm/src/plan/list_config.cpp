#include "rankmesh/comm/list_config.hpp"

#include <algorithm>
#include <string>

#include "rankmesh/topology/error.hpp"

namespace rankmesh {

ParallelConfig list_config(std::span<const GroupKind> kinds, std::size_t size) {
  const auto count = static_cast<std::int64_t>(size);
  ParallelConfig config{.world_size = count, .convention = Convention::mesh, .meshes = {{{"member", count}}}};
  for (const GroupKind& kind : kinds) {
    config.kinds.push_back({.kind = std::string(kind.name()), .groups = {.varying = {"member"}}});
  }
  return config;
}

void check_members(std::span<const int> ranks, int own, int size) {
  if (ranks.empty()) throw RangeError("the list of ranks is empty");
  std::vector<int> sorted(ranks.begin(), ranks.end());
  std::sort(sorted.begin(), sorted.end());
  for (const int rank : {sorted.front(), sorted.back()}) {
    if (rank >= 0 && rank < size) continue;
    throw RangeError("the list of ranks has rank " + std::to_string(rank) + ", but the ranks are 0 .. " +
                     std::to_string(size - 1));
  }
  if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end()) {
    throw RangeError("the list of ranks has rank " + std::to_string(*twice) + " twice");
  }
  if (!std::binary_search(sorted.begin(), sorted.end(), own)) {
    throw RangeError("the list of ranks lacks rank " + std::to_string(own) +
                     ", which asks for the group: only its members make it");
  }
}

std::vector<int> ranks_of_members(std::span<const int> members, std::span<const int> ranks) {
  std::vector<int> result(ranks.begin(), ranks.end());
  if (members.empty()) return result;
  for (int& rank : result) rank = members[static_cast<std::size_t>(rank)];
  return result;
}

}  // namespace rankmesh
