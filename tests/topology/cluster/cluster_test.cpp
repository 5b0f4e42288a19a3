#include "rankmesh/topology/cluster.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "rankmesh/topology/error.hpp"
#include "support/catch.hpp"
#include "support/random.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;

namespace {

/// Slots and their domains, listed the slow way: one row for each slot, one column for each level.
std::vector<std::vector<int>> rows_of(const std::vector<Axis>& levels) {
  std::vector<std::vector<int>> rows{{}};
  for (const Axis& level : levels) {
    std::vector<std::vector<int>> next;
    for (const std::vector<int>& row : rows) {
      for (int i = 0; i < level.size; ++i) {
        next.push_back(row);
        next.back().push_back(row.empty() ? i : row.back() * static_cast<int>(level.size) + i);
      }
    }
    rows = next;
  }
  return rows;
}

/// Checks every question against the rows of the slots.
void check_against(const Cluster& cluster, const std::vector<std::vector<int>>& rows) {
  REQUIRE(cluster.slots() == static_cast<int>(rows.size()));
  for (std::size_t level = 0; level < cluster.level_count(); ++level) {
    for (int domain = 0; domain < cluster.domain_count(level); ++domain) {
      std::vector<int> expected;
      for (int slot = 0; slot < cluster.slots(); ++slot) {
        if (rows[static_cast<std::size_t>(slot)][level] == domain) expected.push_back(slot);
      }
      std::vector<int> found;
      for (const SlotRange& range : cluster.slots_of(level, domain)) {
        for (int i = 0; i < range.count; ++i) found.push_back(range.first + i);
      }
      CHECK(found == expected);
    }
  }
  for (int slot = 0; slot < cluster.slots(); ++slot) {
    const std::vector<int>& row = rows[static_cast<std::size_t>(slot)];
    for (std::size_t level = 0; level < cluster.level_count(); ++level) {
      CHECK(cluster.domain_of(slot, level) == row[level]);
    }
    const auto on_host = std::count_if(rows.begin(), rows.begin() + slot, [&](const std::vector<int>& other) {
      return other[cluster.host_level()] == row[cluster.host_level()];
    });
    CHECK(cluster.local_index(slot) == on_host);
    for (int other = 0; other < cluster.slots(); ++other) {
      const auto differ =
          std::mismatch(row.begin(), row.end(), rows[static_cast<std::size_t>(other)].begin());
      const auto distance = cluster.distance(slot, other);
      if (differ.first == row.end()) {
        CHECK(!distance);
      } else {
        CHECK(distance == static_cast<std::size_t>(differ.first - row.begin()));
      }
    }
  }
}

template <typename Make>
std::string refusal(Make make) {
  try {
    static_cast<void>(make());
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a uniform cluster by hand", "[cluster]") {
  const Cluster cluster({{"rack", 8}, {"node", 18}, {"gpu", 4}});
  CHECK(cluster.slots() == 576);
  CHECK(cluster.hosts() == 144);
  CHECK(cluster.domain_count(0) == 8);
  CHECK(cluster.domain_size(0) == 72);
  CHECK(cluster.domain_of(575, 0) == 7);
  CHECK(cluster.host_of(75) == 18);
  CHECK(cluster.local_index(75) == 3);
  CHECK(cluster.distance(0, 71) == 1u);
  CHECK(cluster.distance(0, 72) == 0u);
  CHECK(cluster.domain_name(0, 7) == "rack7");
  CHECK(cluster.to_string() == "rack:8 node:18 gpu:4");
  CHECK(parse_cluster("rack:8 node:18 gpu:4") == cluster);
  CHECK(parse_cluster("  rack:8\tnode:18   gpu:4 ") == cluster);
}

TEST_CASE("hosts are the level node, or host, or the innermost but one", "[cluster]") {
  CHECK(parse_cluster("rack:2 node:3 numa:2 gpu:4").host_level() == 1);
  CHECK(parse_cluster("rack:2 node:3 numa:2 gpu:4").local_index(13) == 5);
  CHECK(parse_cluster("pod:2 host:3 die:2 chip:4").host_level() == 1);
  CHECK(parse_cluster("pod:2 box:3 chip:4").host_level() == 1);
}

TEST_CASE("uniform clusters agree with lists of their slots", "[cluster]") {
  Random random(20261128);
  for (int round = 0; round < 60; ++round) {
    std::vector<Axis> levels;
    for (int i = 0, count = 2 + random.below(3); i < count; ++i)
      levels.push_back({"l" + std::to_string(i), 1 + random.below(4)});
    const Cluster cluster(levels);
    INFO(cluster.to_string());
    CHECK(parse_cluster(cluster.to_string()) == cluster);
    check_against(cluster, rows_of(levels));
  }
}

TEST_CASE("clusters of named hosts agree with lists of their slots", "[cluster]") {
  Random random(4711);
  for (int round = 0; round < 60; ++round) {
    const bool is_regular = round % 4 == 0;
    std::vector<ClusterHost> hosts;
    std::vector<std::vector<int>> rows;
    std::vector<std::string> racks;
    std::vector<std::string> switches;
    const auto number = [](std::vector<std::string>& names, const std::string& name) {
      const auto found = std::find(names.begin(), names.end(), name);
      const auto index = static_cast<int>(found - names.begin());
      if (found == names.end()) names.push_back(name);
      return index;
    };
    const int count = is_regular ? 8 : 1 + random.below(8);
    for (int host = 0; host < count; ++host) {
      const int rack = is_regular ? host / 4 : random.below(3);
      const std::string leaf =
          std::to_string(rack) + "." + std::to_string(is_regular ? host / 2 : random.below(2));
      hosts.push_back(
          {"n" + std::to_string(host), is_regular ? 4 : 1 + random.below(4), {std::to_string(rack), leaf}});
      const std::vector<int> row{number(racks, std::to_string(rack)), number(switches, leaf), host};
      for (int slot = 0; slot < hosts.back().slots; ++slot) {
        rows.push_back(row);
        rows.back().push_back(static_cast<int>(rows.size()) - 1);
      }
    }
    const Cluster cluster({"rack", "switch"}, hosts);
    INFO(cluster.to_string());
    if (is_regular) CHECK(cluster.is_uniform());
    check_against(cluster, rows);
    CHECK(cluster.find_host("n0") == 0);
    CHECK(!cluster.find_host("m0"));
    CHECK(cluster.domain_name(0, 0) == hosts[0].domains[0]);
  }
}

TEST_CASE("hosts that alternate between two domains are not uniform", "[cluster]") {
  const Cluster cluster({"switch"}, {{"c1", 8, {"a"}}, {"c2", 8, {"b"}}, {"c3", 8, {"a"}}, {"c4", 8, {"b"}}});
  CHECK(!cluster.is_uniform());
  CHECK(!cluster.domain_size(0));
  CHECK(cluster.slots_of(0, 0) == std::vector<SlotRange>{{0, 8}, {16, 8}});
  CHECK(cluster.to_string() == "2 switches, 4 nodes, 32 gpus");
}

TEST_CASE("a cluster of 2^20 slots answers by formula", "[cluster]") {
  const Cluster cluster = parse_cluster("pod:16 rack:128 node:64 gpu:8");
  CHECK(cluster.slots() == 1 << 20);
  CHECK(cluster.domain_of((1 << 20) - 1, 1) == 2047);
  CHECK(cluster.slots_of(2, 131071) == std::vector<SlotRange>{{(1 << 20) - 8, 8}});
}

TEST_CASE("impossible clusters are refused with every mistake", "[cluster]") {
  CHECK(
      refusal([] { return parse_cluster("node:4"); }) ==
      "invalid configuration: cluster = node has fewer than two levels: give the hosts and their slots, for "
      "example node:4 gpu:8");
  CHECK(
      refusal([] { return parse_cluster("node:4 gpu:0 gpu:2 r!:1"); }) ==
      "invalid configuration, 3 violations:\n  gpu = 0 is below 1; nearest: 1\n  level = gpu is named twice\n"
      "  level = \"r!\" is not the name of a level: letters, digits, - and _ are allowed");
  CHECK(refusal([] { return parse_cluster("node:x 8"); }) ==
        "invalid configuration, 2 violations:\n  node = x is not a whole number\n  cluster = 8 is not a "
        "level of "
        "the form NAME:SIZE, for example node:8");
  CHECK(refusal([] { return parse_cluster("node:65536 gpu:65536"); }) ==
        "invalid configuration: gpu = 65536 makes the cluster larger than 2147483647 slots; nearest: 32767");
  CHECK(
      refusal([] {
        Cluster({"rack"}, {{"a", 1, {"x"}}, {"a", 0, {}}});
      }) ==
      "invalid configuration, 3 violations:\n  host = a is named twice\n  host = a has no slots: give it at "
      "least 1\n  host = a has 0 domains for 1 level");
  CHECK(refusal([] {
          Cluster({"rack", "leaf"}, {{"a", 1, {"r", "l"}}, {"b", 1, {"s", "l"}}});
        }) ==
        "invalid configuration: leaf = l lies in two domains of the level rack, r and s: give the two parts "
        "different names");
  CHECK(refusal([] { return Cluster({}, std::vector<ClusterHost>{}); }) ==
        "invalid configuration: cluster has no hosts");
  CHECK_THROWS_AS(parse_cluster("node:2 gpu:2").slots_of(0, 2), RangeError);
  CHECK_THROWS_AS(parse_cluster("node:2 gpu:2").slots_of(2, 0), RangeError);
}

TEST_CASE("nodes for a number of ranks", "[cluster]") {
  CHECK(cluster_of_nodes(16, 8) == parse_cluster("node:2 gpu:8"));
  CHECK(cluster_of_nodes(17, 8) == parse_cluster("node:3 gpu:8"));
  CHECK_THROWS_AS(cluster_of_nodes(17, 0), ConfigError);
}
