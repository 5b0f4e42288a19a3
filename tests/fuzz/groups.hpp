#pragma once

#include <algorithm>

#include "fuzz.hpp"
#include "rankmesh/topology/topology.hpp"

namespace rankmesh::tests {

/// A valid configuration makes a topology, whose groups hold each rank where they say that they do. The first
/// and the last ranks stand for all.
inline void require_groups(const ParallelConfig& config) {
  const Topology topology(config);
  for (const KindFamily& kind : topology.kinds()) {
    const GroupFamily& family = kind.family;
    require(topology.find(kind.kind) != nullptr, "a kind is found by its name");
    for (const int rank : {topology.first_rank(), topology.first_rank() + topology.layout_size() - 1}) {
      const auto place = family.locate(rank);
      if (!place) continue;
      const RankList group = family.group(place->group);
      require(group.position_of(rank) == place->position, "a rank stands where the group says");
      require(group[place->position] == rank, "and the group has it there");
    }
  }
}

}  // namespace rankmesh::tests
