#include "rankmesh/topology/best_placement.hpp"

#include <algorithm>
#include <numeric>

#include "cluster/placement_search.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {
BestPlacement best_placement(const Topology& topology, const Cluster& cluster,
                             const PlacementWeights& weights) {
  if (topology.world_size() > cluster.slots()) {
    throw ConfigError({{.field = "world_size",
                        .value = std::to_string(topology.world_size()),
                        .rule = "is more than the " + counted(cluster.slots(), "slot") + " of the cluster"}});
  }
  return PlacementSearch(topology, cluster, weights).run();
}

std::optional<std::string> order_with_cost(const Topology& topology, const Cluster& cluster,
                                           const PlacementWeights& weights, double cost) {
  const ParallelConfig& given = topology.config();
  if (given.convention != Convention::megatron_core || topology.world_size() > cluster.slots())
    return std::nullopt;
  const auto cost_of = [&](const ParallelConfig& config) -> std::optional<double> {
    try {
      const Topology changed(config);
      PlacementCost costs(changed, cluster, weights);
      std::vector<int> slots(static_cast<std::size_t>(changed.world_size()));
      std::iota(slots.begin(), slots.end(), 0);
      return costs.of(slots);
    } catch (const Error&) {
      return std::nullopt;
    }
  };
  // At 2^20 ranks, 120 orders would take a minute.
  constexpr std::int64_t most_visits = 400'000'000;
  PlacementCost costs(topology, cluster, weights);
  std::int64_t visits = 0;
  std::vector<std::string> axes{"tp", "cp", "ep", "dp", "pp"};
  std::vector<std::size_t> order{0, 1, 2, 3, 4};
  do {
    visits += costs.visits();
    if (visits > most_visits) return std::nullopt;
    ParallelConfig changed = given;
    changed.order = joined(order, "-", [&](std::size_t axis) { return axes[axis]; });
    const auto found = cost_of(changed);
    if (found && !is_less(cost, *found)) return changed.order;
  } while (std::next_permutation(order.begin(), order.end()));
  return std::nullopt;
}

}  // namespace rankmesh
