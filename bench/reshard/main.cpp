// What planning a change of layout takes, and what it moves: beside all that the new ranks need, and beside
// the bytes over racks where any holder sends instead of the nearest.

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <numeric>
#include <vector>

#include "rankmesh/planner/state_classes.hpp"
#include "rankmesh/topology/reshard.hpp"

using namespace rankmesh;

namespace {

constexpr double gib = 1024.0 * 1024.0 * 1024.0;

/// A dense model with 126 layers of width 16384 (405 * 10^9 parameters).
planner::ModelConfig dense() {
  return {.layers = 126,
          .hidden = 16384,
          .vocabulary = 128256,
          .heads = 128,
          .kv_heads = 8,
          .head_dim = 128,
          .ffn = 53248};
}

/// A model with 61 layers, three of them dense, and 256 experts (about 700 * 10^9 parameters).
planner::ModelConfig sparse() {
  return {.layers = 60,
          .hidden = 7168,
          .vocabulary = 129280,
          .heads = 128,
          .kv_heads = 128,
          .head_dim = 128,
          .ffn = 18432,
          .experts = 256,
          .experts_per_token = 8,
          .expert_ffn = 2048,
          .shared_ffn = 2048,
          .dense_layers = {0, 1, 2}};
}

struct Sizes {
  std::int64_t world = 1;
  std::int64_t tensor = 1;
  std::int64_t pipeline = 1;
  std::int64_t context = 1;
  std::int64_t expert = 1;
};

StateLayout layout(const Sizes& s, std::int64_t layers) {
  const Topology topology({.world_size = s.world,
                           .tensor = s.tensor,
                           .pipeline = s.pipeline,
                           .convention = Convention::megatron_core,
                           .context = s.context,
                           .expert = s.expert,
                           .expert_tensor = 1});
  return {topology,
          PipelineLayout({.layers = layers, .costs = SplitCosts()}, {.stages = s.pipeline}),
          {.distributed_optimizer = true}};
}

void measure(const char* name, const planner::ModelConfig& model, const Sizes& before, const Sizes& after,
             std::vector<int> lost = {}) {
  const StateLayout from = layout(before, model.layers);
  const StateLayout to = layout(after, model.layers);
  const auto classes = planner::state_classes(model);
  ReshardOptions options{.lost = std::move(lost)};
  const auto ranks = static_cast<int>(std::max(before.world, after.world));
  const Resharding anywhere = reshard(from, to, classes, options);
  options.places =
      ProcessPlaces{Cluster({{"pod", (ranks + 2047) / 2048}, {"rack", 8}, {"node", 32}, {"gpu", 8}}),
                    Placement::identity(ranks)};
  const auto begin = std::chrono::steady_clock::now();
  const Resharding result = reshard(from, to, classes, options);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  const auto in_gib = [](std::int64_t bytes) { return static_cast<double>(bytes) / gib; };
  std::int64_t received = 0;
  for (const StateBytes& rank : result.of_rank) received = std::max(received, rank.moved);
  std::int64_t any_over_racks = 0;
  for (const StateMove& move : anywhere.moves) {
    if (!move.from || options.places->cluster.distance(*move.from, move.to) > 1) continue;
    any_over_racks += move.block.size() * classes[move.state].step_bytes();
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("%-28s %8zu %8.2f %6ld %8.0f %8.0f %8.1f %8.1f %8.0f %8.0f %8.2f\n", name, result.moves.size(),
              seconds.count(), usage.ru_maxrss / 1024, in_gib(result.total.moved + result.total.kept),
              in_gib(result.total.moved), in_gib(*std::max_element(result.sent.begin(), result.sent.end())),
              in_gib(received), in_gib(result.of_level[0] + result.of_level[1]), in_gib(any_over_racks),
              in_gib(result.total.from_checkpoint));
  if (anywhere.total != result.total) std::printf("the cluster changes what is moved\n");
}

}  // namespace

int main() {
  std::printf("%-28s %8s %8s %6s %8s %8s %8s %8s %8s %8s %8s\n", "GiB", "moves", "seconds", "MiB", "needed",
              "moved", "sender", "receiver", "racks", "any", "gone");
  const Sizes base{.world = 16384, .tensor = 8, .pipeline = 16};
  measure("dense, the same", dense(), base, base);
  measure("dense, a node is lost", dense(), base, base, {8, 9, 10, 11, 12, 13, 14, 15});
  measure("dense, 16 nodes fewer", dense(), base, {.world = 16256, .tensor = 8, .pipeline = 16});
  measure("dense, tp 8 to 4, pp 16 to 32", dense(), base, {.world = 16384, .tensor = 4, .pipeline = 32});
  measure("dense, pp 16 to 8", dense(), base, {.world = 16384, .tensor = 8, .pipeline = 8});
  measure("dense, 2048 to 16384 ranks", dense(), {.world = 2048, .tensor = 8, .pipeline = 16}, base);
  const Sizes experts{.world = 16384, .tensor = 4, .pipeline = 8, .expert = 64};
  measure("experts, ep 64 to 32", sparse(), experts,
          {.world = 16384, .tensor = 4, .pipeline = 8, .expert = 32});
  measure("experts, tp 4 to 2", sparse(), experts,
          {.world = 16384, .tensor = 2, .pipeline = 8, .expert = 64});
}
