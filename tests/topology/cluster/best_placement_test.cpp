#include "rankmesh/topology/best_placement.hpp"

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/error.hpp"
#include "support/cases.hpp"
#include "support/catch.hpp"
#include "support/random.hpp"
#include "support/vectors.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using tests::Json;

namespace {

const PlacementWeights simple{
    .kinds = {{GroupKind::tensor, 8}, {GroupKind::data, 2}, {GroupKind::pipeline, 1}}};

/// The cost by its definition.
double slow_cost(const Topology& topology, const Cluster& cluster, const Placement& placement,
                 const PlacementWeights& weights) {
  double sum = 0;
  for (const KindWeight& kind : weights.kinds) {
    const GroupFamily& family = topology.family(kind.kind);
    if (family.group_size() < 2) continue;
    for (int group = 0; group < family.group_count(); ++group) {
      for (std::size_t level = 0; level + 1 < cluster.level_count(); ++level) {
        double cost = 1;
        for (const LevelCost& given : weights.levels) {
          if (given.level == cluster.level_name(level)) cost = given.cost;
        }
        std::vector<int> domains;
        for (const int rank : family.group(group))
          domains.push_back(cluster.domain_of(placement.slot_of(rank), level));
        double crossings = 0;
        if (kind.kind.name() == "pipeline") {
          for (std::size_t i = 1; i < domains.size(); ++i) crossings += domains[i] != domains[i - 1] ? 1 : 0;
        } else if (kind.kind.name() == "expert" || kind.kind.name() == "sequence") {
          for (const int a : domains) {
            for (const int b : domains) crossings += a != b ? 1 : 0;
          }
          crossings /= static_cast<double>(domains.size()) - 1;
        } else {
          std::sort(domains.begin(), domains.end());
          const auto distinct = std::unique(domains.begin(), domains.end()) - domains.begin();
          crossings = distinct > 1 ? static_cast<double>(distinct) : 0;
        }
        sum += kind.weight * cost * crossings;
      }
    }
  }
  return sum;
}

/// A valid layout of Megatron-Core with few ranks, and weights.
struct Case {
  Topology topology;
  Cluster cluster;
  PlacementWeights weights;
};

Case random_case(Random& random) {
  const auto size = [&](std::initializer_list<int> sizes) {
    return *(sizes.begin() + random.below(static_cast<int>(sizes.size())));
  };
  const int tensor = size({1, 2, 4});
  const int context = size({1, 2});
  const int pipeline = size({1, 2, 3});
  const int data = size({1, 2, 4});
  const ParallelConfig config{.world_size = tensor * context * pipeline * data,
                              .tensor = tensor,
                              .pipeline = pipeline,
                              .convention = Convention::megatron_core,
                              .context = context,
                              .expert = data > 1 ? size({1, 2}) : 1};
  const int world = static_cast<int>(config.world_size);
  const int each = size({1, 2, 3, 4});
  PlacementWeights weights;
  for (const char* kind : {"tensor", "context", "data_context", "expert", "pipeline"}) {
    weights.kinds.push_back({GroupKind(kind), static_cast<double>(1 << random.below(6))});
  }
  weights.levels = {{"node", static_cast<double>(1 << random.below(3))}};
  const int nodes = (world - 1) / each + 1;
  return {Topology(config), Cluster({{"rack", 2}, {"node", (nodes + 1) / 2}, {"gpu", each}}), weights};
}

std::string json_text(const Json& story) {
  return story.dump();
}

}  // namespace

TEST_CASE("the cost is that of its definition", "[best_placement]") {
  Random random(22);
  for (int round = 0; round < share_of(60); ++round) {
    const Case job = random_case(random);
    INFO(to_string(job.topology.config()) << " on " << job.cluster.to_string());
    std::vector<int> slots(static_cast<std::size_t>(job.cluster.slots()));
    std::iota(slots.begin(), slots.end(), 0);
    random.shuffle(slots);
    slots.resize(static_cast<std::size_t>(job.topology.world_size()));
    const Placement placement(slots);
    CHECK(placement_cost(job.topology, job.cluster, placement, job.weights) ==
          Approx(slow_cost(job.topology, job.cluster, placement, job.weights)));
  }
}

TEST_CASE("the best is never above the identity, turns, or another order of the axes", "[best_placement]") {
  Random random(22);
  int better = 0;
  for (int round = 0; round < share_of(60); ++round) {
    const Case job = random_case(random);
    INFO(to_string(job.topology.config()) << " on " << job.cluster.to_string());
    const int ranks = job.topology.world_size();
    const BestPlacement best = best_placement(job.topology, job.cluster, job.weights);
    const auto cost = [&](const Placement& placement) {
      return slow_cost(job.topology, job.cluster, placement, job.weights);
    };
    CHECK(best.cost_after == Approx(cost(best.placement)).margin(1e-9));
    CHECK(best.cost_before == Approx(cost(Placement::identity(ranks))).margin(1e-9));
    const double limit = best.cost_after - 1e-6;
    CHECK(limit <= best.cost_before);
    CHECK(limit <= cost(Placement::in_turns(job.cluster, ranks, 1)));
    const auto axes = job.topology.mesh().axes();
    std::vector<std::size_t> order(axes.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    do {
      std::vector<Digit> digits(axes.size());
      std::int64_t stride = 1;
      for (const std::size_t axis : order) {
        digits[axis] = {axes[axis].size, stride};
        stride *= axes[axis].size;
      }
      CHECK(limit <= cost(Placement::of_digits(digits)));
    } while (std::next_permutation(order.begin(), order.end()));
    const BestPlacement again = best_placement(job.topology, job.cluster, job.weights);
    CHECK(again.placement == best.placement);
    better += best.cost_after < best.cost_before ? 1 : 0;
  }
  CHECK(better > share_of(10));
}

TEST_CASE("eight ranks are placed as well as by any permutation", "[best_placement]") {
  Sample sample;
  for (const char* text : {"node:4 gpu:2", "rack:2 node:2 gpu:2", "node:2 gpu:4", "node:3 gpu:3"}) {
    const Cluster cluster = parse_cluster(text);
    const Topology topology({.world_size = 8, .tensor = 2, .pipeline = 2});
    for (const double weight : {1.0, 16.0}) {
      const PlacementWeights weights{
          .kinds = {{GroupKind::tensor, weight}, {GroupKind::data, 4}, {GroupKind::pipeline, 8}}};
      std::vector<int> slots(8);
      std::iota(slots.begin(), slots.end(), 0);
      double least = 1e9;
      do {
        if (!sample.takes()) continue;
        least = std::min(least, placement_cost(topology, cluster, Placement(slots), weights));
      } while (std::next_permutation(slots.begin(), slots.end()));
      CHECK(best_placement(topology, cluster, weights).cost_after <= Approx(least));
    }
  }
}

TEST_CASE("names of hosts and levels of one domain change no cost", "[best_placement]") {
  const Topology topology({.world_size = 32, .tensor = 2, .pipeline = 4});
  const auto hosts = [](std::vector<int> order) {
    std::vector<ClusterHost> result;
    for (const int i : order) {
      result.push_back({"h" + std::to_string(i), i == 1 ? 6 : 4, {i % 2 == 0 ? "a" : "b"}});
    }
    return result;
  };
  const double cost =
      best_placement(topology, Cluster({"rack"}, hosts({0, 1, 2, 3, 4, 5, 6, 7})), simple).cost_after;
  CHECK(best_placement(topology, Cluster({"rack"}, hosts({7, 2, 5, 0, 1, 6, 3, 4})), simple).cost_after ==
        Approx(cost));
  const double uniform = best_placement(topology, parse_cluster("node:8 gpu:4"), simple).cost_after;
  CHECK(best_placement(topology, parse_cluster("pod:1 node:8 gpu:4"), simple).cost_after == Approx(uniform));
}

TEST_CASE("idle slots: hosts are filled so that groups stay whole", "[best_placement]") {
  const Topology topology({.world_size = 24, .tensor = 6, .pipeline = 1});
  const BestPlacement best =
      best_placement(topology, parse_cluster("node:4 gpu:8"), {.kinds = {{GroupKind::tensor, 1}}});
  CHECK(best.cost_before > 0);
  CHECK(best.cost_after == 0);
  CHECK(cluster_spans(topology.family(GroupKind::tensor), parse_cluster("node:4 gpu:8"), best.placement)
            .levels.front()
            .most == 1);
}

TEST_CASE("Megatron-Core's order that serves as well", "[best_placement]") {
  const Topology topology({.world_size = 64,
                           .tensor = 2,
                           .pipeline = 8,
                           .convention = Convention::megatron_core,
                           .order = "pp-tp-cp-ep-dp"});
  const Cluster cluster = parse_cluster("node:8 gpu:8");
  const PlacementWeights weights{.kinds = default_weights(topology)};
  const BestPlacement best = best_placement(topology, cluster, weights);
  REQUIRE(best.cost_after < best.cost_before);
  const auto order = order_with_cost(topology, cluster, weights, best.cost_after);
  REQUIRE(order);
  ParallelConfig changed = topology.config();
  changed.order = *order;
  CHECK(placement_cost(Topology(changed), cluster, Placement::identity(64), weights) <=
        Approx(best.cost_after));
  CHECK(!order_with_cost(Topology({.world_size = 8}), cluster, {.kinds = {{GroupKind::data, 1}}}, 0));
}

TEST_CASE("what cannot be placed is refused", "[best_placement]") {
  const Topology topology({.world_size = 16, .tensor = 2});
  CHECK_THROWS_AS(best_placement(topology, parse_cluster("node:1 gpu:8"), simple), ConfigError);
  CHECK_THROWS_AS(best_placement(topology, parse_cluster("node:2 gpu:8"), {.kinds = {{GroupKind::amax, 1}}}),
                  RangeError);
  CHECK_THROWS_AS(
      best_placement(topology, parse_cluster("node:2 gpu:8"), {.kinds = {}, .levels = {{"rack", 1}}}),
      RangeError);
}

TEST_CASE("a story: expert groups of eight hosts in racks of eighteen", "[best_placement]") {
  const Json story = tests::read_vectors("placement_stories/juniper.json");
  for (const char* key : {"domains", "domains_with_segment"}) {
    std::vector<ClusterHost> hosts;
    for (const auto& [name, rack] : story["cluster"][key].items()) {
      hosts.push_back({name, story["cluster"]["gpus_per_host"].get<int>(), {rack.get<std::string>()}});
    }
    const Cluster cluster({"rack"}, hosts);
    const Mesh mesh({{"ep", 32}, {"rest", 8}});
    const ClusterSpans spans = cluster_spans(mesh.family({"ep"}), cluster, Placement::identity(256));
    const bool is_allocated = std::string(key) == "domains";
    INFO(key << json_text(story["claims"]));
    CHECK(spans.levels[0].crossing_groups == (is_allocated ? 3 : 0));
    const Topology topology({.world_size = 256,
                             .convention = Convention::megatron_core,
                             .expert = 32,
                             .order = "tp-cp-ep-dp-pp"});
    const BestPlacement best = best_placement(topology, cluster, {.kinds = {{GroupKind("expert"), 1}}});
    const ClusterSpans placed = cluster_spans(topology.family(GroupKind("expert")), cluster, best.placement);
    // Racks of 18, 18, 18 and 10 hosts hold seven groups of eight hosts.
    CHECK(placed.levels[0].crossing_groups == (is_allocated ? 1 : 0));
  }
}

TEST_CASE("a story: two stages on unequal groups of hosts", "[best_placement]") {
  std::vector<ClusterHost> hosts;
  for (int i = 0; i < 8; ++i)
    hosts.push_back({"pod" + std::to_string(i), 8, {i < 4 ? "1" : i < 6 ? "2" : "3"}});
  const Cluster cluster({"group"}, hosts);
  const Topology topology(
      {.world_size = 64, .pipeline = 2, .convention = Convention::megatron_core, .expert = 16});
  const BestPlacement best = best_placement(
      topology, cluster,
      {.kinds = {{GroupKind("expert"), 1000}, {GroupKind::pipeline, 1}}, .levels = {{"node", 0}}});
  CHECK(cluster_spans(topology.family(GroupKind("expert")), cluster, best.placement)
            .levels[0]
            .crossing_groups == 0);
  // Two pairs of hosts of eight ranks each.
  CHECK(cluster_spans(topology.family(GroupKind::pipeline), cluster, best.placement)
            .levels[0]
            .crossing_groups == 16);
}

TEST_CASE("a story: hosts whose names alternate between two switches", "[best_placement]") {
  const Cluster cluster({"switch"},
                        {{"c1", 8, {"sA"}}, {"c2", 8, {"sB"}}, {"c3", 8, {"sA"}}, {"c4", 8, {"sB"}}});
  const Topology topology({.world_size = 32, .tensor = 8, .pipeline = 2});
  const auto crossing = [&](const Placement& placement, GroupKind kind) {
    return cluster_spans(topology.family(kind), cluster, placement).levels[0].crossing_groups;
  };
  const Placement by_name = Placement::identity(32);
  CHECK(crossing(by_name, GroupKind::data) == 16);
  CHECK(crossing(by_name, GroupKind::pipeline) == 0);
  const PlacementWeights weights{
      .kinds = {{GroupKind::tensor, 100}, {GroupKind::data, 8}, {GroupKind::pipeline, 1}}};
  const BestPlacement best = best_placement(topology, cluster, weights);
  CHECK(crossing(best.placement, GroupKind::data) == 0);
  CHECK(crossing(best.placement, GroupKind::pipeline) == 16);
  CHECK(crossing(best.placement, GroupKind::tensor) == 0);
}

TEST_CASE("a story: two hosts with one number, whose ranks claim the same devices", "[best_placement]") {
  const Json story = tests::read_vectors("placement_stories/igloo.json");
  const Cluster cluster = parse_cluster("node:64 gpu:8");
  const auto hosts_of = [&](const Json& names) {
    std::vector<int> hosts;
    for (const Json& name : names) hosts.push_back(std::stoi(name.get<std::string>().substr(1)));
    return hosts;
  };
  // The device is rank % 8, so that the slots follow from the hosts.
  std::vector<int> slots;
  for (const int host : hosts_of(story["numbers"]["first_16_ranks_on"]))
    slots.push_back(host * 8 + static_cast<int>(slots.size()) % 8);
  try {
    static_cast<void>(Placement(slots));
    FAIL("no error");
  } catch (const ConfigError& error) {
    std::size_t named = 0;
    for (const Json& pair : story["numbers"]["same_gpu_pairs"]) {
      const std::string slot = std::to_string(slots[pair[1].get<std::size_t>()]);
      for (const Diagnostic& diagnostic : error.diagnostics()) {
        INFO(diagnostic.text());
        named += diagnostic.text().find(slot) != std::string::npos ? 1 : 0;
        if (diagnostic.text().find(slot) != std::string::npos) break;
      }
    }
    CHECK(named == 8);
  }
  const Placement right = Placement::on_hosts(cluster, hosts_of(story["right"]["first_16_ranks_on"]));
  CHECK(right == Placement(Placement::identity(16).slots()));
}
