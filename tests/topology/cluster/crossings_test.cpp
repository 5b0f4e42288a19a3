// Which kinds cross domains that they need not, and that the remedies work when they are applied.

#include "rankmesh/topology/crossings.hpp"

#include <algorithm>
#include <set>

#include "rankmesh/topology/error.hpp"
#include "support/cases.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using rankmesh::tests::Sample;
using rankmesh::tests::share_of;

namespace {

/// The most domains of a level that a group touches, counted rank by rank.
int most_by_hand(const Topology& topology, GroupKind kind, const Cluster& cluster, const Placement& placement,
                 std::size_t level) {
  std::size_t most = 0;
  const GroupFamily& family = topology.family(kind);
  for (int group = 0; group < family.group_count(); ++group) {
    std::set<int> domains;
    for (int rank : family.group(group)) domains.insert(cluster.domain_of(placement.slot_of(rank), level));
    most = std::max(most, domains.size());
  }
  return static_cast<int>(most);
}

struct Applied {
  Topology topology;
  Placement placement;
};

Applied apply(const CrossingRemedy& remedy, const Topology& topology, const Cluster& cluster,
              const Placement& placement) {
  ParallelConfig config = topology.config();
  switch (remedy.sort) {
    case CrossingRemedy::Sort::identity:
      return {topology, Placement::identity(topology.world_size())};
    case CrossingRemedy::Sort::order:
      config.order = remedy.order;
      return {Topology(config), placement};
    case CrossingRemedy::Sort::tensor_size:
      config.tensor = remedy.tensor;
      return {Topology(config), placement};
    case CrossingRemedy::Sort::best_placement:
      break;
  }
  const PlacementWeights weights{.kinds =
                                     remedy.weights.empty() ? default_weights(topology) : remedy.weights};
  return {topology, best_placement(topology, cluster, weights).placement};
}

ParallelConfig megatron(std::int64_t tensor, std::int64_t context, std::int64_t expert, std::int64_t pipeline,
                        const std::string& order) {
  ParallelConfig config{.world_size = 32, .tensor = tensor, .pipeline = pipeline};
  config.convention = Convention::megatron_core;
  config.context = context;
  config.expert = expert;
  config.expert_tensor = 1;
  config.order = order;
  return config;
}

}  // namespace

TEST_CASE("every remedy of a crossing works when it is applied, and none is missed") {
  Sample sample;
  int with_remedy = 0;
  std::set<CrossingRemedy::Sort> sorts;
  for (const char* text : {"node:4 gpu:8", "rack:2 node:4 gpu:4", "rack:3 node:3 gpu:4", "node:6 gpu:6"}) {
    const Cluster cluster = parse_cluster(text);
    for (const std::int64_t tensor : {1, 2, 4, 8, 16}) {
      for (const std::int64_t context : {1, 2}) {
        for (const std::int64_t expert : {1, 4}) {
          for (const char* order : {"tp-cp-ep-dp-pp", "pp-tp-cp-ep-dp", "dp-cp-tp-ep-pp", "pp-cp-ep-tp-dp"}) {
            for (const int turn : {0, 1, 2}) {
              const ParallelConfig config = megatron(tensor, context, expert, 2, order);
              if (!sample.takes() || !check(config).empty()) continue;
              const Topology topology(config);
              const Placement placement =
                  turn == 0 ? Placement::identity(32) : Placement::in_turns(cluster, 32, turn);
              const std::vector<Crossing> found = crossings(topology, cluster, placement);
              std::set<std::string> reported;
              for (const Crossing& crossing : found) {
                INFO(text << " " << order << " tp " << tensor << " cp " << context << " ep " << expert << " "
                          << to_text(crossing, topology, cluster, placement));
                reported.emplace(crossing.kind.name());
                const int most = most_by_hand(topology, crossing.kind, cluster, placement, crossing.level);
                CHECK(crossing.span.most == most);
                CHECK((most > crossing.needed || crossing.needed > 1));
                if (!crossing.remedy) continue;
                ++with_remedy;
                sorts.insert(crossing.remedy->sort);
                const Applied after = apply(*crossing.remedy, topology, cluster, placement);
                CHECK(most_by_hand(after.topology, crossing.kind, cluster, after.placement, crossing.level) ==
                      1);
              }
              // With the ranks in an order that keeps tensor groups together, nothing is said of them.
              const auto level = cluster.level_count() - 2;
              if (tensor > 1 && tensor <= 4 &&
                  most_by_hand(topology, GroupKind::tensor, cluster, placement, level) > 1) {
                CHECK(reported.count("tensor") == 1);
              }
            }
          }
        }
      }
    }
  }
  CHECK(with_remedy > share_of(200));
  CHECK(sorts.size() == 4);
}

TEST_CASE("a crossing names the axes that the order puts inside, and one change for all kinds") {
  const Topology topology(megatron(2, 2, 1, 2, "pp-dp-tp-cp-ep"));
  const Cluster cluster = parse_cluster("node:4 gpu:8");
  const auto found = crossings(topology, cluster, Placement::identity(32));
  REQUIRE(found.size() == 2);
  CHECK(found[0].kind == GroupKind::tensor);
  CHECK(found[0].cause == CrossingCause::order);
  CHECK(found[0].faster_axes == std::vector<std::string>{"pp", "dp"});
  CHECK(found[0].axis == "tp");
  CHECK(to_text(found[0], topology, cluster, Placement::identity(32)) ==
        "tensor groups cross nodes though one has room for a group: 16 of 16 groups of 2 ranks touch up to "
        "2 nodes, for example group 0 on node0, node1; the order puts pp and dp inside tp");
  CHECK(found[1].kind == GroupKind("context"));
  CHECK(found[0].remedy == found[1].remedy);
}

TEST_CASE("groups that leave no room for others are not reported, unless they are asked for") {
  ParallelConfig config = megatron(8, 1, 4, 1, "tp-cp-ep-dp-pp");
  config.expert_tensor = 8;
  const Topology topology(config);
  const Cluster cluster = parse_cluster("rack:2 node:2 gpu:8");
  const Placement identity = Placement::identity(32);
  CHECK(crossings(topology, cluster, identity).empty());
  const std::vector<KindLevel> keep{{GroupKind("expert"), "node"}, {GroupKind("data"), "rack"}};
  const auto found = crossings(topology, cluster, identity, keep);
  REQUIRE(found.size() == 2);
  CHECK(found[0].kind == GroupKind("expert"));
  CHECK(found[0].span.most == 4);
  CHECK(found[1].kind == GroupKind::data);
  CHECK(found[1].level == 0);
}

TEST_CASE("the cause of a crossing is the placement, the size or the room of a domain") {
  const Cluster cluster = parse_cluster("node:4 gpu:8");
  const Topology tensor4(megatron(4, 1, 1, 1, "tp-cp-ep-dp-pp"));
  const auto cyclic = crossings(tensor4, cluster, Placement::in_turns(cluster, 32, 1));
  REQUIRE(cyclic.size() == 1);
  CHECK(cyclic[0].cause == CrossingCause::placement);
  CHECK(cyclic[0].remedy->sort == CrossingRemedy::Sort::identity);
  const auto six = crossings(tensor4, parse_cluster("node:8 gpu:6"), Placement::identity(32));
  REQUIRE(six.size() == 1);
  CHECK(six[0].cause == CrossingCause::size);
  CHECK(six[0].remedy->sort == CrossingRemedy::Sort::best_placement);
  const Topology tensor16(megatron(16, 1, 1, 1, "tp-cp-ep-dp-pp"));
  const auto large = crossings(tensor16, cluster, Placement::identity(32));
  REQUIRE(large.size() == 1);
  CHECK(large[0].cause == CrossingCause::room);
  CHECK(large[0].needed == 2);
  CHECK(large[0].remedy->tensor == 8);
}

TEST_CASE("kinds and levels to keep that do not exist are named") {
  const Topology topology(megatron(4, 1, 1, 1, "tp-cp-ep-dp-pp"));
  const Cluster cluster = parse_cluster("rack:2 node:2 gpu:8");
  const auto with = [&](const char* kind, const char* level) {
    const std::vector<KindLevel> keep{{GroupKind(kind), level}};
    return crossings(topology, cluster, Placement::identity(32), keep);
  };
  CHECK_THROWS_AS(with("amax", "node"), RangeError);
  CHECK_THROWS_WITH(with("tensor", "gpu"),
                    "the cluster has no level gpu that groups could cross; it has rack, node");
}
