// What takes seconds: the invariants of every valid configuration of up to 512 ranks, and a large placement.

#include <cstdint>
#include <string>
#include <vector>

#include "rankmesh/topology/best_placement.hpp"
#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/invariants.hpp"
#include "support/catch.hpp"

using rankmesh::AmaxRule;
using rankmesh::check_invariants;
using rankmesh::ParallelConfig;
using rankmesh::Topology;

namespace {

constexpr std::int64_t max_world_size = 512;

/// The number of valid (world_size, tensor, pipeline, sequence), from the definition: for sequence = 1 the
/// triples with t * p * d = W, and for sequence > 1 the pairs with s * d = W.
std::int64_t count_of_configurations() {
  std::int64_t count = 0;
  for (std::int64_t t = 1; t <= max_world_size; ++t) {
    for (std::int64_t p = 1; t * p <= max_world_size; ++p) count += max_world_size / (t * p);
  }
  for (std::int64_t s = 2; s <= max_world_size; ++s) count += max_world_size / s;
  return count;
}

/// The configuration, and its variants with the options that change groups.
std::vector<ParallelConfig> variants(ParallelConfig config) {
  config.fp8 = true;
  std::vector<ParallelConfig> result{config};
  if (config.sequence > 1) {
    result.push_back(config);
    result.back().amax_rule = AmaxRule::data_tensor_product;
  }
  if (config.pipeline > 1) {
    result.push_back(config);
    result.back().split_rank = config.pipeline / 2;
  }
  return result;
}

}  // namespace

TEST_CASE("no valid configuration of up to 512 ranks breaks an invariant", "[exhaustive]") {
  std::int64_t valid = 0;
  std::int64_t checked = 0;
  for (std::int64_t world = 1; world <= max_world_size; ++world) {
    for (std::int64_t t = 1; t <= world; ++t) {
      for (std::int64_t p = 1; p <= world; ++p) {
        // Sizes that do not divide are refused by a rule that other tests cover; trying them here would be
        // slow.
        if (world % (t * p) != 0) continue;
        for (std::int64_t s = 1; s <= world / (t * p); ++s) {
          const ParallelConfig config{.world_size = world, .tensor = t, .pipeline = p, .sequence = s};
          if (world % (t * p * s) != 0 || !check(config).empty()) continue;
          ++valid;
          for (const ParallelConfig& variant : variants(config)) {
            const auto broken = check_invariants(Topology(variant));
            ++checked;
            if (broken.empty()) continue;
            INFO(to_string(variant) << " breaks " << broken.front().invariant << ": "
                                    << broken.front().message);
            REQUIRE(broken.empty());
          }
        }
      }
    }
  }
  CHECK(valid == count_of_configurations());
  CHECK(checked > valid);
}

TEST_CASE("a placement on 4,096 hosts with unequal slots costs less than ranks in order") {
  std::vector<rankmesh::ClusterHost> hosts;
  for (int i = 0; i < 4096; ++i)
    hosts.push_back({"h" + std::to_string(i), i % 97 == 0 ? 7 : 8, {std::to_string(i % 31)}});
  const rankmesh::Cluster cluster({"rack"}, hosts);
  const Topology topology({.world_size = 16384, .tensor = 8, .pipeline = 16});
  const rankmesh::BestPlacement best =
      rankmesh::best_placement(topology, cluster, {.kinds = rankmesh::default_weights(topology)});
  CHECK(best.cost_after < best.cost_before);
}
