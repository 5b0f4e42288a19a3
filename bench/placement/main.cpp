// What best_placement costs and takes, beside ranks in order, round robin, a plain greedy that fills host
// after host with the rank that exchanges the most with those on it, and SCOTCH's mapping, where it is
// installed.

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <vector>

#include "rankmesh/topology.hpp"
#include "scotch.hpp"

using namespace rankmesh;

namespace {

/// Greedy, in O(ranks^2): few ranks only.
Placement greedy(const Topology& topology, const Cluster& cluster, const PlacementWeights& weights) {
  const auto ranks = static_cast<std::size_t>(topology.world_size());
  std::vector<int> slot_of_rank(ranks, -1);
  std::size_t placed = 0;
  for (int host = 0; host < cluster.hosts() && placed < ranks; ++host) {
    std::vector<double> affinity(ranks);
    for (int slot = 0; slot < cluster.slots_of_host(host) && placed < ranks; ++slot, ++placed) {
      std::size_t best = ranks;
      for (std::size_t rank = 0; rank < ranks; ++rank) {
        if (slot_of_rank[rank] < 0 && (best == ranks || affinity[rank] > affinity[best])) best = rank;
      }
      slot_of_rank[best] = cluster.first_slot(host) + slot;
      for (const KindWeight& kind : weights.kinds) {
        for (const int member : topology.group_of(kind.kind, static_cast<int>(best))) {
          affinity[static_cast<std::size_t>(member)] += kind.weight / topology.family(kind.kind).group_size();
        }
      }
    }
  }
  return Placement(slot_of_rank);
}

void measure(const ParallelConfig& config, const char* text) {
  const Topology topology(config);
  const Cluster cluster = parse_cluster(text);
  const PlacementWeights weights{.kinds = default_weights(topology)};
  const auto begin = std::chrono::steady_clock::now();
  const BestPlacement best = best_placement(topology, cluster, weights);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  const int ranks = topology.world_size();
  const auto cost = [&](const Placement& placement) {
    return placement_cost(topology, cluster, placement, weights) / ranks;
  };
  const Placement turns = Placement::in_turns(cluster, ranks, 1);
  std::printf("%8d  %-34s  %9.3f  %9.3f  ", ranks, text, cost(Placement::identity(ranks)), cost(turns));
  const auto put = [&](const std::optional<Placement>& placement) {
    if (placement) {
      std::printf("%9.3f  ", cost(*placement));
    } else {
      std::printf("%9s  ", "-");
    }
  };
  const bool is_small = ranks <= 4096;
  put(is_small ? std::optional(greedy(topology, cluster, weights)) : std::nullopt);
  const auto before_scotch = std::chrono::steady_clock::now();
  const auto mapped = is_small ? scotch_placement(topology, cluster, weights) : std::nullopt;
  const std::chrono::duration<double> of_scotch = std::chrono::steady_clock::now() - before_scotch;
  put(mapped);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("%9.3f  %8.3f  ", best.cost_after / ranks, seconds.count());
  if (mapped) {
    std::printf("%8.3f", of_scotch.count());
  } else {
    std::printf("%8s", "-");
  }
  std::printf("  %8.0f\n", static_cast<double>(usage.ru_maxrss) / 1024);
}

ParallelConfig config(int ranks, int tensor, int pipeline, int context, int expert, const char* order) {
  return {.world_size = ranks,
          .tensor = tensor,
          .pipeline = pipeline,
          .convention = Convention::megatron_core,
          .context = context,
          .expert = expert,
          .order = order};
}

}  // namespace

int main() {
  std::printf(
      "cost per rank with the default weights; seconds of best_placement and of SCOTCH; MiB of the process "
      "so "
      "far\n%8s  %-34s  %9s  %9s  %9s  %9s  %9s  %8s  %8s  %8s\n",
      "ranks", "cluster", "in order", "in turns", "greedy", "SCOTCH", "best", "seconds", "SCOTCH", "MiB");
  measure(config(64, 2, 8, 1, 4, "tp-cp-ep-dp-pp"), "node:8 gpu:8");
  measure(config(64, 2, 8, 1, 4, "pp-tp-cp-ep-dp"), "node:8 gpu:8");
  measure(config(576, 4, 6, 1, 8, "tp-cp-ep-dp-pp"), "rack:8 node:18 gpu:4");
  measure(config(16384, 8, 16, 2, 8, "tp-cp-ep-dp-pp"), "rack:240 node:18 gpu:4");
  measure(config(1024, 8, 8, 2, 8, "tp-cp-ep-dp-pp"), "rack:4 node:32 gpu:8");
  measure(config(4096, 8, 8, 2, 8, "tp-cp-ep-dp-pp"), "pod:4 rack:16 node:8 gpu:8");
  measure(config(16384, 8, 16, 2, 8, "tp-cp-ep-dp-pp"), "pod:8 rack:32 node:8 gpu:8");
  measure(config(1048576, 8, 16, 2, 8, "tp-cp-ep-dp-pp"), "pod:16 rack:128 node:64 gpu:8");
}
