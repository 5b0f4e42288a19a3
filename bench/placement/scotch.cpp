#include "scotch.hpp"

#include <cstdio>
#include <map>
#include <utility>
#include <vector>

#include <scotch.h>

using namespace rankmesh;

namespace {

/// The traffic between two ranks, in thousandths of a weight.
using Edges = std::map<std::pair<int, int>, SCOTCH_Num>;

void add(Edges& edges, int a, int b, double weight) {
  if (a == b) return;
  const auto load = static_cast<SCOTCH_Num>(weight * 1000);
  edges[{a, b}] += load;
  edges[{b, a}] += load;
}

Edges edges_of(const Topology& topology, const PlacementWeights& weights) {
  Edges edges;
  for (const auto& [kind, weight] : weights.kinds) {
    const GroupFamily& family = topology.family(kind);
    const TrafficPattern pattern = traffic_pattern(kind);
    for (int group = 0; group < family.group_count(); ++group) {
      std::vector<int> members;
      family.group(group).for_each([&](int rank) { members.push_back(rank); });
      const std::size_t size = members.size();
      for (std::size_t i = 0; i + 1 < size; ++i) {
        if (pattern != TrafficPattern::all_to_all) {
          add(edges, members[i], members[i + 1], weight);
          continue;
        }
        for (std::size_t j = i + 1; j < size; ++j)
          add(edges, members[i], members[j], 2 * weight / static_cast<double>(size - 1));
      }
      if (pattern == TrafficPattern::ring && size > 2) add(edges, members.back(), members.front(), weight);
    }
  }
  return edges;
}

/// Moves ranks that share a slot to the nearest free ones.
Placement one_rank_a_slot(const std::vector<SCOTCH_Num>& mapped, const Cluster& cluster) {
  std::vector<bool> is_taken(static_cast<std::size_t>(cluster.slots()));
  std::vector<int> slots(mapped.size(), -1);
  for (std::size_t rank = 0; rank < mapped.size(); ++rank) {
    const auto slot = static_cast<std::size_t>(mapped[rank]);
    if (is_taken[slot]) continue;
    is_taken[slot] = true;
    slots[rank] = static_cast<int>(slot);
  }
  for (std::size_t rank = 0; rank < mapped.size(); ++rank) {
    if (slots[rank] >= 0) continue;
    int nearest = -1;
    std::size_t level = 0;
    for (int slot = 0; slot < cluster.slots(); ++slot) {
      if (is_taken[static_cast<std::size_t>(slot)]) continue;
      const std::size_t there = *cluster.distance(slot, static_cast<int>(mapped[rank]));
      if (nearest >= 0 && there <= level) continue;
      nearest = slot;
      level = there;
    }
    is_taken[static_cast<std::size_t>(nearest)] = true;
    slots[rank] = nearest;
  }
  return Placement(slots);
}

}  // namespace

std::optional<Placement> scotch_placement(const Topology& topology, const Cluster& cluster,
                                          const PlacementWeights& weights) {
  std::vector<SCOTCH_Num> first{0};
  std::vector<SCOTCH_Num> ends;
  std::vector<SCOTCH_Num> loads;
  for (const auto& [pair, load] : edges_of(topology, weights)) {
    while (static_cast<SCOTCH_Num>(first.size()) <= pair.first)
      first.push_back(static_cast<SCOTCH_Num>(ends.size()));
    ends.push_back(pair.second);
    loads.push_back(load);
  }
  while (static_cast<int>(first.size()) <= topology.world_size())
    first.push_back(static_cast<SCOTCH_Num>(ends.size()));
  // A path between two leaves costs what the outermost level that it crosses has.
  std::vector<SCOTCH_Num> sizes;
  std::vector<SCOTCH_Num> costs;
  const std::size_t levels = cluster.level_count();
  int outside = 1;
  for (std::size_t level = 0; level < levels; ++level) {
    sizes.push_back(cluster.domain_count(level) / outside);
    outside = cluster.domain_count(level);
    costs.push_back(level + 1 < levels ? static_cast<SCOTCH_Num>(100 * (levels - 1 - level)) : 1);
  }
  SCOTCH_Graph graph;
  SCOTCH_Arch tree;
  SCOTCH_Strat strategy;
  SCOTCH_graphInit(&graph);
  SCOTCH_archInit(&tree);
  SCOTCH_stratInit(&strategy);
  std::vector<SCOTCH_Num> mapped(static_cast<std::size_t>(topology.world_size()));
  const bool is_mapped =
      SCOTCH_graphBuild(&graph, 0, topology.world_size(), first.data(), nullptr, nullptr, nullptr,
                        static_cast<SCOTCH_Num>(ends.size()), ends.data(), loads.data()) == 0 &&
      SCOTCH_archTleaf(&tree, static_cast<SCOTCH_Num>(levels), sizes.data(), costs.data()) == 0 &&
      SCOTCH_graphMap(&graph, &tree, &strategy, mapped.data()) == 0;
  SCOTCH_stratExit(&strategy);
  SCOTCH_archExit(&tree);
  SCOTCH_graphExit(&graph);
  if (!is_mapped) return std::nullopt;
  return one_rank_a_slot(mapped, cluster);
}
