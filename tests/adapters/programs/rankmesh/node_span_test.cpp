#include "rankmesh/output/node_span.hpp"

#include <algorithm>
#include <random>
#include <set>

#include "rankmesh/topology/topology.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using cli::node_span;
using cli::NodeSpan;

namespace {

/// The slow, obvious way: the nodes of every rank of every group.
NodeSpan slow_span(const GroupFamily& family, int gpus_per_node) {
  NodeSpan span{.fewest = 1 << 30, .most = 0};
  for (int g = 0; g < family.group_count(); ++g) {
    std::set<int> nodes;
    for (const int rank : family.group(g)) nodes.insert(rank / gpus_per_node);
    span.fewest = std::min(span.fewest, static_cast<int>(nodes.size()));
    span.most = std::max(span.most, static_cast<int>(nodes.size()));
  }
  return span;
}

}  // namespace

TEST_CASE("node spans by hand") {
  const Topology topology({.world_size = 24, .tensor = 3, .pipeline = 2});
  CHECK(node_span(topology.family(GroupKind::tensor), 8) == NodeSpan{1, 2});
  CHECK(node_span(topology.family(GroupKind::tensor), 3) == NodeSpan{1, 1});
  CHECK(node_span(topology.family(GroupKind::pipeline), 8) == NodeSpan{2, 2});
  CHECK(node_span(topology.family(GroupKind::sequence), 8) == NodeSpan{1, 1});
  CHECK(node_span(topology.family(GroupKind::data), 1) == NodeSpan{4, 4});
}

TEST_CASE("node spans of every kind agree with the lists") {
  for (const ParallelConfig& config :
       {ParallelConfig{.world_size = 48, .tensor = 2, .pipeline = 4, .split_rank = 2, .fp8 = true},
        ParallelConfig{.world_size = 60, .tensor = 3, .pipeline = 5, .fp8 = true},
        ParallelConfig{.world_size = 36, .sequence = 6, .fp8 = true}, ParallelConfig{.world_size = 7}}) {
    const Topology topology(config);
    for (const KindFamily& kind : topology.kinds()) {
      for (int gpus = 1; gpus <= config.world_size + 2; ++gpus) {
        INFO(kind.kind.name() << " " << config.world_size << " " << gpus);
        CHECK(node_span(kind.family, gpus) == slow_span(kind.family, gpus));
      }
    }
  }
}

TEST_CASE("node spans of families over any axes agree with the lists") {
  std::mt19937 random(20240917);
  const auto below = [&](int limit) { return static_cast<int>(random() % static_cast<unsigned>(limit)); };
  for (int round = 0; round < 300; ++round) {
    const Mesh mesh({{"a", 1 + below(5)}, {"b", 1 + below(5)}, {"c", 1 + below(4)}, {"d", 1 + below(4)}});
    std::vector<std::string_view> varying;
    for (const Axis& axis : mesh.axes()) {
      if (below(2) == 0) varying.push_back(axis.name);
    }
    const GroupFamily family = mesh.family(varying);
    const std::vector<int> ends{family.group_size() - 1, 0};
    const int gpus = 1 + below(20);
    INFO(mesh.to_string() << ", " << varying.size() << " varying, " << gpus << " GPUs");
    CHECK(node_span(family, gpus) == slow_span(family, gpus));
    if (family.group_size() > 1) {
      CHECK(node_span(family.pick(ends), gpus) == slow_span(family.pick(ends), gpus));
    }
  }
}

TEST_CASE("digits in any order") {
  const Digit inside[] = {{2, 6}, {3, 1}};
  const Digit outside[] = {{4, 12}, {2, 3}};
  const GroupFamily family{Grouping(inside, outside)};
  for (int gpus = 1; gpus <= 50; ++gpus) CHECK(node_span(family, gpus) == slow_span(family, gpus));
}

TEST_CASE("the largest world takes no time") {
  const Topology topology({.world_size = 2147483640, .tensor = 8, .pipeline = 15});
  for (const KindFamily& kind : topology.kinds()) {
    const NodeSpan span = node_span(kind.family, 8);
    CHECK(span.fewest >= 1);
  }
  CHECK(node_span(topology.family(GroupKind::model), 8) == NodeSpan{15, 15});
}
