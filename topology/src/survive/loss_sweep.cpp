#include <algorithm>
#include <tuple>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/text.hpp"
#include "survive/loss_model.hpp"

namespace rankmesh {
namespace {

void require_places(const Topology& topology, const Cluster& cluster, const Placement& placement,
                    std::size_t level) {
  if (level >= cluster.level_count()) {
    throw RangeError("level " + std::to_string(level) + " does not exist: the cluster has the levels 0 .. " +
                     std::to_string(cluster.level_count() - 1));
  }
  if (placement.ranks() < topology.world_size()) {
    throw RangeError("the placement has " + counted(placement.ranks(), "rank") + ", the job has " +
                     std::to_string(topology.world_size()));
  }
}

int domain_of(int slot, const Cluster& cluster, std::size_t level) {
  if (slot < 0 || slot >= cluster.slots()) {
    throw RangeError("the placement needs more slots than the " + std::to_string(cluster.slots()) +
                     " of the cluster");
  }
  return cluster.domain_of(slot, level);
}

/// Greater is worse.
auto badness(const LossCost& cost) {
  return std::tuple(-cost.replicas_left, cost.gone_weights, cost.gone_optimizer, cost.lost);
}

}  // namespace

LossSweep loss_of_each_domain(const Topology& topology, const Cluster& cluster, const Placement& placement,
                              std::size_t level, const SurvivorOptions& options,
                              std::span<const int> spare_slots) {
  const LossModel model(topology, options);
  require_places(topology, cluster, placement, level);
  const auto domains = static_cast<std::size_t>(cluster.domain_count(level));
  std::vector<std::vector<int>> ranks(domains);
  for (int rank = 0; rank < topology.world_size(); ++rank)
    ranks[static_cast<std::size_t>(domain_of(placement.slot_of(rank), cluster, level))].push_back(rank);
  std::vector<int> spares(domains);
  const std::size_t placed = std::min(spare_slots.size(), static_cast<std::size_t>(options.spares));
  for (const int slot : spare_slots.first(placed))
    ++spares[static_cast<std::size_t>(domain_of(slot, cluster, level))];

  LossSweep sweep{.replica_size = model.replicas().size(), .replicas = model.replicas().count()};
  sweep.domains.reserve(domains);
  for (std::size_t domain = 0; domain < domains; ++domain) {
    LossCost cost = model.cost(ranks[domain], options.spares - spares[domain]);
    cost.lost_spares = spares[domain];
    sweep.domains.push_back(cost);
    if (badness(cost) > badness(sweep.domains[static_cast<std::size_t>(sweep.worst)]))
      sweep.worst = static_cast<int>(domain);
  }
  return sweep;
}

}  // namespace rankmesh
