// The questions about losses beside the new layout: every domain of a cluster, other sizes, bad input.

#include <algorithm>
#include <string>
#include <vector>

#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/survivors.hpp"
#include "support/catch.hpp"

using namespace rankmesh;

namespace {

std::size_t at(int rank) {
  return static_cast<std::size_t>(rank);
}

std::string error_of(const Topology& topology, const std::vector<int>& lost,
                     const SurvivorOptions& options = {}) {
  try {
    static_cast<void>(survivors(topology, lost, options));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("fitting layouts are the largest of their sizes") {
  for (const char* text : {"world=12 tp=2 pp=2", "world=16 convention=megatron-core tp=2 ep=4 etp=1 pp=2",
                           "world=8 convention=megatron-core hybrid-cp cp=2"}) {
    const Topology topology(parse_config(text));
    for (int processes = 0; processes <= 20; ++processes) {
      CAPTURE(text, processes);
      const auto layouts = fitting_layouts(topology, processes, {.tensor = true, .pipeline = true});
      int idle = 0;
      for (const FittingLayout& layout : layouts) {
        CHECK(layout.idle >= idle);
        idle = layout.idle;
      }
      for (const std::int64_t tensor : {1, 2, 4, 8, 16}) {
        for (const std::int64_t pipeline : {1, 2, 4, 8, 16}) {
          ParallelConfig config = topology.config();
          config.tensor = tensor;
          config.pipeline = pipeline;
          std::int64_t best = 0;
          for (config.world_size = 1; config.world_size <= processes; ++config.world_size) {
            if (check(config).empty()) best = config.world_size;
          }
          const auto found = std::find_if(layouts.begin(), layouts.end(), [&](const FittingLayout& layout) {
            return layout.config.tensor == tensor && layout.config.pipeline == pipeline;
          });
          CHECK((found == layouts.end() ? 0 : found->config.world_size) == best);
        }
      }
    }
  }
}

TEST_CASE("the loss of each domain of a cluster") {
  for (const char* text :
       {"world=16 tp=2 pp=2", "world=16 convention=megatron-core tp=2 ep=4 etp=1", "world=16 tp=4 pp=4"}) {
    const Topology topology(parse_config(text));
    const Cluster cluster = parse_cluster("rack:3 node:2 gpu:3");
    const Placement placement = Placement::in_turns(cluster, 16, 1);
    for (std::size_t level = 0; level < cluster.level_count(); ++level) {
      for (int spares = 0; spares <= 3; ++spares) {
        const SurvivorOptions options{.spares = spares, .state = {.distributed_optimizer = true}};
        const std::vector<int> spare_slots{cluster.slots() - 1};
        const LossSweep sweep =
            loss_of_each_domain(topology, cluster, placement, level, options, spare_slots);
        REQUIRE(static_cast<int>(sweep.domains.size()) == cluster.domain_count(level));
        for (int domain = 0; domain < cluster.domain_count(level); ++domain) {
          CAPTURE(text, level, spares, domain);
          const LossCost& cost = sweep.domains[at(domain)];
          const LossCost& worst = sweep.domains[at(sweep.worst)];
          CHECK(worst.replicas_left <= cost.replicas_left);
          std::vector<int> lost;
          for (int rank = 0; rank < 16; ++rank) {
            if (cluster.domain_of(placement.slot_of(rank), level) == domain) lost.push_back(rank);
          }
          SurvivorOptions left = options;
          if (spares > 0 && cluster.domain_of(spare_slots[0], level) == domain) --left.spares;
          CHECK(cost.lost == static_cast<int>(lost.size()));
          CHECK(cost.lost_spares == spares - left.spares);
          if (lost.empty()) continue;
          if (cost.replicas_left == 0) {
            CHECK(error_of(topology, lost, left) != "");
            continue;
          }
          const Survival result = survivors(topology, lost, left);
          CHECK(cost.replicas_left == result.replicas - static_cast<int>(result.dropped_replicas.size()));
          CHECK(cost.lost_replicas == static_cast<int>(result.lost_replicas.size()));
          CHECK(cost.idle == static_cast<int>(result.idle.size()));
          CHECK(cost.spares_used == static_cast<int>(result.spares_used.size()));
          CHECK(cost.gone_weights == static_cast<int>(result.gone_dense.size() + result.gone_expert.size()));
          CHECK(cost.gone_optimizer ==
                static_cast<int>(result.gone_dense_optimizer.size() + result.gone_expert_optimizer.size()));
        }
      }
    }
  }
}

TEST_CASE("bad input of survivors") {
  const Topology topology({.world_size = 8, .tensor = 2});
  CHECK(error_of(topology, {-1, 3, 8}, {.spares = -2}) ==
        "invalid configuration, 3 violations:\n"
        "  lost = -1 is no rank of world_size = 8, whose ranks are 0 .. 7\n"
        "  lost = 8 is no rank of world_size = 8, whose ranks are 0 .. 7\n"
        "  spares = -2 is below 0");
  const Topology one({.world_size = 8, .tensor = 2, .pipeline = 4});
  CHECK(
      error_of(one, {3}) ==
      "invalid configuration: lost = 1 rank of 8 is too much: the processes that are left, 7, make no "
      "replica of "
      "8 ranks, since the layout has one data parallel rank; take 1 spare, or start a smaller layout from a "
      "checkpoint");
  CHECK(error_of(one, {3}, {.spares = 1}) == "");
  CHECK(
      error_of(Topology(parse_config("world=4 convention=megatron-core rank-offset=4")), {5}) ==
      "invalid configuration: world_size = 4 is only a part of job_size = 8; take each layout of the job by "
      "itself, with ranks from 0");
  CHECK(error_of(Topology(parse_config("world=8 convention=mesh axes=x=2,dp=4 groups=x")), {0}) ==
        "invalid configuration: axis = x does not say whether its ranks hold the same weights; the known "
        "axes are dp, dp_replicate, "
        "cp, sp, edp, tp, pp, ep, etp, gtp, egtp, dp_shard; for others, name in copy_axes all axes along "
        "which weights are repeated");
  const SurvivorOptions named{.state = {.copy_axes = {"dp", "y"}}};
  CHECK(error_of(Topology(parse_config("world=8 convention=mesh axes=x=2,dp=4 groups=x")), {0}, named) ==
        "invalid configuration: copy_axes = y is no axis of this layout; it has x, dp");
  CHECK_THROWS_AS(loss_of_each_domain(topology, parse_cluster("node:2 gpu:4"), Placement::identity(8), 2),
                  RangeError);
  CHECK_THROWS_AS(loss_of_each_domain(topology, parse_cluster("node:2 gpu:4"), Placement::identity(7), 0),
                  RangeError);
  CHECK_THROWS_AS(loss_of_each_domain(topology, parse_cluster("node:1 gpu:4"), Placement::identity(8), 0),
                  RangeError);
  CHECK_THROWS_AS(
      loss_of_each_domain(topology, parse_cluster("node:2 gpu:4"), Placement::identity(8), 0, {.spares = -1}),
      ConfigError);
  CHECK_THROWS_AS(fitting_layouts(Topology(parse_config("world=8 convention=mesh axes=tp=2,dp=4 groups=tp")),
                                  7, {.tensor = true}),
                  ConfigError);
}
