#include "rankmesh/topology/placement.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "cluster/family_of_slots.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/topology.hpp"
#include "support/cases.hpp"
#include "support/catch.hpp"
#include "support/random.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;

namespace {

/// The number of domains that each group touches, the slow way.
std::vector<int> slow_spans(const GroupFamily& family, const Cluster& cluster, const Placement& placement,
                            std::size_t level) {
  std::vector<int> counts;
  for (int g = 0; g < family.group_count(); ++g) {
    std::set<int> domains;
    for (const int rank : family.group(g)) domains.insert(cluster.domain_of(placement.slot_of(rank), level));
    counts.push_back(static_cast<int>(domains.size()));
  }
  return counts;
}

void check_spans(const GroupFamily& family, const Cluster& cluster, const Placement& placement) {
  const ClusterSpans spans = cluster_spans(family, cluster, placement);
  REQUIRE(spans.levels.size() + 1 == cluster.level_count());
  for (std::size_t level = 0; level < spans.levels.size(); ++level) {
    const std::vector<int> slow = slow_spans(family, cluster, placement, level);
    const int most = *std::max_element(slow.begin(), slow.end());
    const LevelSpan expected{
        .fewest = *std::min_element(slow.begin(), slow.end()),
        .most = most,
        .worst_group = static_cast<int>(std::find(slow.begin(), slow.end(), most) - slow.begin()),
        .crossing_groups =
            static_cast<int>(std::count_if(slow.begin(), slow.end(), [](int n) { return n > 1; }))};
    CHECK(spans.levels[level] == expected);
    CHECK(level_span(family, cluster, placement, level) == expected);
    CHECK(domains_of_group(family, expected.worst_group, cluster, placement, level).size() ==
          static_cast<std::size_t>(most));
    bool fills = true;
    bool is_aligned = true;
    for (int g = 0; g < family.group_count(); ++g) {
      std::set<int> slots;
      for (const int rank : family.group(g)) slots.insert(placement.slot_of(rank));
      for (const int slot : slots) {
        is_aligned = is_aligned && cluster.local_index(slot) == cluster.local_index(*slots.begin());
        for (int other = 0; other < cluster.slots(); ++other) {
          if (cluster.domain_of(other, level) == cluster.domain_of(slot, level) && slots.count(other) == 0)
            fills = false;
        }
      }
    }
    CHECK(spans.fills_domains[level] == fills);
    CHECK(spans.is_rail_aligned == is_aligned);
  }
}

}  // namespace

TEST_CASE("placements by hand", "[placement]") {
  CHECK(Placement::identity(8).is_identity());
  CHECK(Placement::identity(8).slot_of(5) == 5);
  const Placement permuted = Placement::of_digits({{4, 8}, {8, 1}});
  CHECK(permuted.ranks() == 32);
  CHECK(permuted.slot_of(1) == 8);
  CHECK(permuted.slot_of(4) == 1);
  CHECK(permuted.rank_on(8) == 1);
  const Cluster cluster = parse_cluster("node:4 gpu:8");
  CHECK(Placement::in_turns(cluster, 32, 1).slots() == permuted.slots());
  CHECK(Placement::in_turns(cluster, 32, 8).is_identity());
  CHECK(Placement::of_digits({{2, 1}, {4, 2}}) == Placement::identity(8));
  const std::vector<int> hosts{1, 0, 1, 0};
  CHECK(Placement::on_hosts(cluster, hosts).slots() == std::vector<int>{8, 0, 9, 1});
}

TEST_CASE("turns on hosts with unequal slots pass over full hosts", "[placement]") {
  const Cluster cluster({}, {{"a", 1, {}}, {"b", 3, {}}, {"c", 2, {}}});
  CHECK(Placement::in_turns(cluster, 6, 1).slots() == std::vector<int>{0, 1, 4, 2, 5, 3});
  CHECK(Placement::in_turns(cluster, 5, 2).slots() == std::vector<int>{0, 1, 2, 4, 5});
}

TEST_CASE("impossible placements are refused", "[placement]") {
  CHECK_THROWS_AS(Placement::identity(0), ConfigError);
  CHECK_THROWS_AS(Placement::of_digits({{4, 1}, {2, 2}}), ConfigError);
  CHECK_THROWS_AS(Placement(std::vector<int>{0, 1, 0}), ConfigError);
  CHECK_THROWS_AS(Placement(std::vector<int>{0, -1}), ConfigError);
  CHECK_THROWS_AS(Placement::in_turns(parse_cluster("node:1 gpu:2"), 3, 1), ConfigError);
  CHECK_THROWS_AS(Placement::in_turns(parse_cluster("node:1 gpu:2"), 2, 0), ConfigError);
  const std::vector<int> hosts{0, 0, 0, 5};
  CHECK_THROWS_AS(Placement::on_hosts(parse_cluster("node:1 gpu:2"), hosts), ConfigError);
  const GroupFamily family = Mesh({{"a", 4}}).family({"a"});
  CHECK_THROWS_AS(cluster_spans(family, parse_cluster("node:1 gpu:2"), Placement::identity(4)), RangeError);
  CHECK_THROWS_AS(cluster_spans(family, parse_cluster("node:1 gpu:8"), Placement::identity(2)), RangeError);
  CHECK_THROWS_AS(level_span(family, parse_cluster("node:1 gpu:8"), Placement::identity(4), 2), RangeError);
}

TEST_CASE("rank_on is the inverse of slot_of, also with idle slots", "[placement]") {
  for (const Placement& placement :
       {Placement::of_digits({{2, 9}, {3, 2}, {2, 1}}), Placement::of_digits({{4, 8}, {8, 1}}),
        Placement(std::vector<int>{5, 2, 7}), Placement::identity(6)}) {
    std::set<int> used;
    for (int rank = 0; rank < placement.ranks(); ++rank) {
      CHECK(placement.rank_on(placement.slot_of(rank)) == rank);
      used.insert(placement.slot_of(rank));
    }
    for (int slot = 0; slot < 40; ++slot)
      CHECK(placement.rank_on(slot).has_value() == (used.count(slot) == 1));
  }
}

TEST_CASE("spans agree with enumeration for random meshes, clusters and placements", "[placement]") {
  Random random(20261128);
  int rounds = 0;
  for (int round = 0; round < share_of(150); ++round) {
    std::vector<Axis> axes;
    for (const char* name : {"a", "b", "c", "d"}) axes.push_back({name, 1 + random.below(4)});
    const Mesh mesh(axes);
    std::vector<std::string_view> varying;
    for (const Axis& axis : mesh.axes()) {
      if (random.below(2) == 0) varying.push_back(axis.name);
    }
    const GroupFamily family = mesh.family(varying);
    const int world = mesh.world_size();
    const int each = 1 + random.below(6);
    const int racks = 1 + random.below(3);
    const int nodes = (world - 1) / (each * racks) + 1;
    const Cluster cluster({{"rack", racks}, {"node", nodes}, {"gpu", each}});
    // The axes in another order: a formula.
    std::vector<std::size_t> order{0, 1, 2, 3};
    random.shuffle(order);
    std::vector<Digit> digits(4);
    std::int64_t stride = 1;
    for (const std::size_t axis : order) {
      digits[axis] = {axes[axis].size, stride};
      stride *= axes[axis].size;
    }
    INFO(mesh.to_string() << " on " << cluster.to_string());
    check_spans(family, cluster, Placement::of_digits(digits));
    check_spans(family, cluster, Placement::in_turns(cluster, world, 1 + random.below(3)));
    const Placement in_order = Placement::identity(world);
    check_spans(family, cluster, in_order);
    if (family.group_size() > 2) {
      const std::vector<int> ends{0, family.group_size() - 1};
      check_spans(family.pick(ends), cluster, Placement::of_digits(digits));
      check_spans(family.pick(ends), cluster, in_order);
    }
    for (int piece = 2; piece <= family.group_size(); ++piece) {
      if (family.group_size() % piece == 0) check_spans(family.cut(piece), cluster, in_order);
    }
    const int first = random.below(family.group_count());
    check_spans(family.slice(first, 1 + random.below(family.group_count() - first)), cluster, in_order);
    const Cluster larger({{"rack", racks}, {"node", nodes + 4}, {"gpu", each}});
    check_spans(family.placed(3, world + 4), larger, Placement::identity(world + 4));
    CHECK(are_spans_formulas(family, cluster, in_order));
    CHECK_FALSE(are_spans_formulas(family, cluster, Placement(in_order.slots())));
    std::vector<int> slots;
    for (int slot = 0; slot < cluster.slots(); ++slot) slots.push_back(slot);
    random.shuffle(slots);
    slots.resize(static_cast<std::size_t>(world));
    check_spans(family, cluster, Placement(slots));
    ++rounds;
  }
  CHECK(rounds == share_of(150));
}

TEST_CASE("spans of derived kinds under permuted axes", "[placement]") {
  const Topology topology({.world_size = 48, .tensor = 2, .pipeline = 4, .split_rank = 2, .fp8 = true});
  const Cluster cluster = parse_cluster("rack:2 node:6 gpu:4");
  const Placement placement = Placement::of_digits({{2, 24}, {6, 1}, {4, 6}});
  for (const KindFamily& kind : topology.kinds()) {
    INFO(kind.kind.name());
    check_spans(kind.family, cluster, placement);
  }
}

TEST_CASE("a span at 2^20 slots is a formula", "[placement]") {
  const Mesh mesh({{"tp", 8}, {"dp", 4096}, {"pp", 32}});
  const Cluster cluster = parse_cluster("pod:16 rack:128 node:64 gpu:8");
  const Placement placement = Placement::of_digits({{8, 1}, {4096, 256}, {32, 8}});
  CHECK(level_span(mesh.family({"pp"}), cluster, placement, 1) == LevelSpan{1, 1, 0, 0});
  CHECK(level_span(mesh.family({"dp"}), cluster, placement, 0) == LevelSpan{16, 16, 0, 256});
}

TEST_CASE("rails, whole domains and the worst group of 2^30 ranks are formulas", "[placement]") {
  const Mesh mesh({{"tp", 8}, {"cp", 9}, {"dp", 1 << 17}, {"pp", 64}});
  const Cluster cluster = parse_cluster("pod:64 rack:1024 node:1152 gpu:8");
  const Placement in_order = Placement::identity(mesh.world_size());
  const ClusterSpans dp = cluster_spans(mesh.family({"dp"}), cluster, in_order);
  CHECK(dp.is_rail_aligned);
  CHECK(dp.levels[1] == LevelSpan{1024, 1024, 0, 8 * 9 * 64});
  CHECK(dp.fills_domains == std::vector<bool>{false, false, false});
  const ClusterSpans rest = cluster_spans(mesh.family({"tp", "cp", "dp"}), cluster, in_order);
  CHECK(rest.fills_domains == std::vector<bool>{true, true, true});
  CHECK_FALSE(rest.is_rail_aligned);
  // Nodes of 12 slots: tensor groups 1, 4, 7, ... lie on two.
  const Cluster twelve = parse_cluster("rack:512 node:131072 gpu:12");
  const ClusterSpans tp = cluster_spans(mesh.family({"tp"}), twelve, in_order);
  CHECK(tp.levels[1] == LevelSpan{1, 2, 1, 9 * (1 << 17) * 64 / 3});
  CHECK_FALSE(tp.is_rail_aligned);
}

TEST_CASE("the slots of a family are a formula where digits fit", "[placement]") {
  const Mesh mesh({{"a", 4}, {"b", 6}, {"c", 2}});
  for (const Placement& placement : {Placement::identity(48), Placement::of_digits({{4, 12}, {6, 2}, {2, 1}}),
                                     Placement::of_digits({{2, 24}, {24, 1}})}) {
    for (const auto& varying : {std::vector<std::string_view>{"a"}, {"b"}, {"c"}, {"a", "c"}, {"b", "c"}}) {
      const GroupFamily family = mesh.family(varying);
      const auto slots = family_of_slots(family, placement);
      REQUIRE(slots);
      for (int group = 0; group < family.group_count(); ++group) {
        for (int member = 0; member < family.group_size(); ++member) {
          CHECK(slots->rank_at({group, member}) == placement.slot_of(family.rank_at({group, member})));
        }
      }
    }
  }
  CHECK(!family_of_slots(mesh.family({"a"}), Placement::of_digits({{3, 16}, {16, 1}})));
  CHECK(!family_of_slots(mesh.family({"a"}), Placement(Placement::identity(48).slots())));
}
