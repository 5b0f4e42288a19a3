// How long the answers about lost ranks take: one loss with its new layout, and the loss of each node or
// rack.

#include <chrono>
#include <cstdio>
#include <numeric>
#include <vector>

#include "rankmesh/topology.hpp"

using namespace rankmesh;

namespace {

template <typename Ask>
double milliseconds(Ask ask) {
  const auto begin = std::chrono::steady_clock::now();
  ask();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

void measure(const char* name, const ParallelConfig& config, const char* text) {
  const Topology topology(config);
  const Cluster cluster = parse_cluster(text);
  const Placement placement = Placement::identity(topology.world_size());
  const SurvivorOptions options{.state = {.distributed_optimizer = true}};
  std::vector<int> node(8);
  std::iota(node.begin(), node.end(), topology.world_size() / 2);
  std::size_t left = 0;
  const double one =
      milliseconds([&] { left += survivors(topology, node, options).old_rank_of_rank.size(); });
  std::printf("%8d  %-9s %9.2f", topology.world_size(), name, one);
  for (const char* level : {"node", "rack"}) {
    const auto number = cluster.find_level(level).value();
    double time = 0;
    int worst = 0;
    time = milliseconds([&] {
      const LossSweep sweep = loss_of_each_domain(topology, cluster, placement, number, options);
      worst = sweep.domains[static_cast<std::size_t>(sweep.worst)].replicas_left;
    });
    std::printf("  %6d %9.2f %6d", cluster.domain_count(number), time, worst);
  }
  std::printf(left > 0 ? "\n" : " nothing left\n");
}

}  // namespace

int main() {
  std::printf("   ranks  layout    one node, ms   nodes    any, ms   left   racks    any, ms   left\n");
  const ParallelConfig experts{
      .tensor = 8, .pipeline = 16, .convention = Convention::megatron_core, .expert = 32, .expert_tensor = 1};
  for (const std::int64_t ranks : {16384, 131072, 1048576}) {
    const std::string cluster = "rack:" + std::to_string(ranks / 64) + " node:8 gpu:8";
    measure("dense", {.world_size = ranks, .tensor = 8, .pipeline = 16}, cluster.c_str());
    ParallelConfig config = experts;
    config.world_size = ranks;
    measure("experts", config, cluster.c_str());
  }
  return 0;
}
