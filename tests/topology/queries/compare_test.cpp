#include "rankmesh/topology/compare.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "rankmesh/topology/topology.hpp"
#include "support/cases.hpp"
#include "support/catch.hpp"
#include "support/lists.hpp"
#include "support/random.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;

namespace {

/// Eight ranks on three axes of two, the leftmost fastest; a kind for each axis, under Megatron-Core's names.
Topology on_axes(const std::vector<std::string>& axes) {
  ParallelConfig config{.world_size = 8, .convention = Convention::mesh, .meshes = {{}}};
  for (const std::string& axis : axes) config.meshes.front().push_back({axis, 2});
  for (const std::string axis : {"dp", "tp", "pp"}) config.kinds.push_back({axis, {.varying = {axis}}});
  return Topology(config);
}

std::vector<int> list_with(const Lists& lists, int rank) {
  for (const std::vector<int>& list : lists) {
    if (std::find(list.begin(), list.end(), rank) != list.end()) return list;
  }
  return {};
}

/// The slow, obvious way: the lists of every rank.
void check_against_lists(const Topology& a, const Topology& b) {
  for (const KindComparison& kind : compare(a, b)) {
    if (!kind.in_a || !kind.in_b) continue;
    const GroupFamily& of_a = a.family(*kind.in_a);
    const GroupFamily& of_b = b.family(*kind.in_b);
    const Lists in_a = lists_of(of_a);
    const Lists in_b = lists_of(of_b);
    INFO(kind.in_a->name() << ": " << of_a.to_string() << " and " << of_b.to_string());
    std::optional<int> first;
    for (int rank = 0; rank < std::max(a.world_size(), b.world_size()) && !first; ++rank) {
      if (list_with(in_a, rank) != list_with(in_b, rank)) first = rank;
    }
    CHECK(kind.equal == (in_a == in_b));
    CHECK(kind.same_but_order == (in_a != in_b && !first));
    REQUIRE(kind.first.has_value() == first.has_value());
    if (!first) continue;
    CHECK(kind.first->rank == *first);
    const auto list_of = [](const Lists& lists, std::optional<int> group) {
      return group ? lists[static_cast<std::size_t>(*group)] : std::vector<int>();
    };
    CHECK(list_of(in_a, kind.first->group_in_a) == list_with(in_a, *first));
    CHECK(list_of(in_b, kind.first->group_in_b) == list_with(in_b, *first));
  }
}

/// A layout of one kind, with any axes inside, fixed and numbering, at some place in a job.
ParallelConfig some_mesh(Random& dice) {
  ParallelConfig config{.world_size = 1,
                        .convention = Convention::mesh,
                        .rank_offset = dice.of({0, 0, 0, 3}),
                        .job_size = 300,
                        .meshes = {{}},
                        .kinds = {{"k", {}}}};
  std::vector<std::string> free;
  for (const std::string axis : {"a", "b", "c", "d"}) {
    const std::int64_t size = dice.of({1, 2, 2, 3, 4});
    config.meshes.front().push_back({axis, size});
    config.world_size *= size;
    GroupSpec& groups = config.kinds.front().groups;
    switch (dice.below(5)) {
      case 0:
        groups.varying.push_back(axis);
        break;
      case 1:
        groups.at.push_back({axis, dice.below(static_cast<int>(size))});
        break;
      default:
        free.push_back(axis);
    }
  }
  if (!free.empty() && dice.below(3) == 0) config.kinds.front().groups.numbering = {free.back()};
  return config;
}

/// A layout of Megatron-Core, also one whose parts do not fit the axes that they are cut from.
ParallelConfig some_megatron_core(Random& dice) {
  constexpr const char* orders[] = {"tp-cp-ep-dp-pp", "tp-dp-cp-ep-pp", "cp-tp-ep-dp-pp", "tp-cp-pp-ep-dp"};
  ParallelConfig config{.tensor = dice.of({1, 2, 2}),
                        .pipeline = dice.of({1, 2, 3}),
                        .convention = Convention::megatron_core,
                        .context = dice.of({1, 2, 3, 6}),
                        .expert = dice.of({1, 2}),
                        .order = orders[dice.below(4)],
                        .optimizer_instances = dice.of({1, 1, 2}),
                        .hybrid_context = dice.below(2) == 0,
                        .rank_offset = dice.of({0, 0, 2})};
  config.world_size = config.tensor * config.pipeline * config.context * dice.of({2, 4, 8});
  if (dice.below(3) == 0) config.embedding_stages = {-1, 0};
  return config;
}

}  // namespace

TEST_CASE("comparisons of any meshes agree with the lists", "[compare]") {
  Random dice(20261128);
  for (int round = 0; round < share_of(3000); ++round) {
    const ParallelConfig a = some_mesh(dice);
    ParallelConfig b = some_mesh(dice);
    // Often the same, but for one thing.
    if (dice.below(2) == 0) {
      b = a;
      const auto axis = static_cast<std::size_t>(dice.below(4));
      if (dice.below(2) == 0) b.world_size = b.world_size / b.meshes.front()[axis].size * 4;
      if (b.world_size != a.world_size) b.meshes.front()[axis].size = 4;
      if (dice.below(3) == 0) b.kinds.front().groups.numbering.clear();
      if (dice.below(3) == 0) std::swap(b.meshes.front()[0].size, b.meshes.front()[axis].size);
    }
    if (check(a).empty() && check(b).empty()) check_against_lists(Topology(a), Topology(b));
  }
}

TEST_CASE("comparisons of Megatron-Core's layouts agree with the lists", "[compare]") {
  Random dice(19);
  int checked = 0;
  for (int round = 0; round < share_of(800); ++round) {
    const ParallelConfig a = some_megatron_core(dice);
    ParallelConfig b = dice.below(3) == 0 ? some_megatron_core(dice) : a;
    if (dice.below(2) == 0) b.world_size *= 2;
    if (dice.below(4) == 0) b.pipeline *= 2;
    if (dice.below(4) == 0) b.tensor = 3 - b.tensor;
    if (dice.below(4) == 0) b.embedding_stages.clear();
    if (dice.below(8) == 0) b = {.world_size = b.world_size, .tensor = a.tensor, .pipeline = a.pipeline};
    if (!check(a).empty() || !check(b).empty()) continue;
    check_against_lists(Topology(a), Topology(b));
    ++checked;
  }
  CHECK(checked > share_of(100));
}

TEST_CASE("groups of different steps that are split alike agree up to the first step that differs",
          "[compare]") {
  const auto split = [](std::int64_t tensor) {
    return Topology({.world_size = 24 * tensor,
                     .tensor = tensor,
                     .convention = Convention::megatron_core,
                     .context = 6,
                     .order = "cp-tp-dp-ep-pp",
                     .hybrid_context = true});
  };
  check_against_lists(split(2), split(4));
  const auto compared = compare(split(2), split(4));
  CHECK(std::any_of(compared.begin(), compared.end(),
                    [](const KindComparison& kind) { return kind.first && kind.first->rank == 4; }));
}

TEST_CASE("the largest worlds are compared without walking them", "[compare]") {
  const auto megatron = [](std::int64_t world, std::int64_t tensor) {
    return Topology({.world_size = world,
                     .tensor = tensor,
                     .pipeline = 3,
                     .convention = Convention::megatron_core,
                     .context = 3,
                     .optimizer_instances = 2,
                     .hybrid_context = true});
  };
  const std::int64_t world = std::int64_t{9} << 26;
  // A walk would take minutes for each kind.
  for (const KindComparison& kind : compare(megatron(world, 4), megatron(2 * world, 4))) {
    if (kind.in_a == GroupKind::tensor)
      CHECK(kind.first ==
            GroupDifference{static_cast<int>(world), std::nullopt, static_cast<int>(world / 4)});
    if (kind.in_a && kind.in_b) CHECK(kind.first.has_value());
  }
  const auto other = compare(megatron(world, 4), megatron(world, 8));
  CHECK(std::count_if(other.begin(), other.end(),
                      [](const KindComparison& kind) { return kind.first.has_value(); }) > 10);
}

TEST_CASE("topologies are compared kind by kind, whatever their names", "[compare]") {
  const Topology reference({.world_size = 8, .tensor = 2, .pipeline = 2});
  const auto same = compare(reference, on_axes({"tp", "dp", "pp"}));
  CHECK(agree(same));
  CHECK(same[0] == KindComparison{.in_a = GroupKind::data, .in_b = GroupKind("dp"), .equal = true});
  CHECK(same[1] == KindComparison{.in_a = GroupKind::sequence});

  const auto other = compare(reference, on_axes({"tp", "pp", "dp"}));
  CHECK_FALSE(agree(other));
  CHECK(other[0].first == GroupDifference{0, 0, 0});

  const Topology smaller({.world_size = 4, .tensor = 2});
  CHECK(compare(Topology({.world_size = 8, .tensor = 2}), smaller)[4].first ==
        GroupDifference{4, 2, std::nullopt});
  CHECK_FALSE(agree({}));
}

TEST_CASE("the same lists in another order are told from other lists", "[compare]") {
  const auto on_mesh = [](std::vector<std::string> numbering) {
    return Topology({.world_size = 8,
                     .convention = Convention::mesh,
                     .meshes = {{{"a", 2}, {"b", 2}, {"c", 2}}},
                     .kinds = {{"a", {.varying = {"a"}, .numbering = std::move(numbering)}}}});
  };
  const auto compared = compare(on_mesh({}), on_mesh({"c"}));
  CHECK_FALSE(compared[0].equal);
  CHECK(compared[0].same_but_order);
  CHECK(compared[0].first == std::nullopt);
}

TEST_CASE("in worlds of different sizes every kind differs", "[compare]") {
  const auto compared = compare(Topology({.world_size = 8, .tensor = 2, .pipeline = 2}),
                                Topology({.world_size = 16, .tensor = 2, .pipeline = 2}));
  REQUIRE(compared.size() > 5);
  for (const KindComparison& kind : compared) {
    INFO(kind.in_a->name());
    CHECK_FALSE(kind.equal);
    CHECK_FALSE(kind.same_but_order);
    CHECK(kind.first.has_value());
  }
}

TEST_CASE("layouts at different places in a job differ at the first rank that one of them has", "[compare]") {
  const auto at = [](std::int64_t first) {
    return Topology({.world_size = 4,
                     .convention = Convention::mesh,
                     .rank_offset = first,
                     .job_size = 8,
                     .meshes = {{{"tp", 2}, {"dp", 2}}},
                     .kinds = {{"tp", {.varying = {"tp"}}}}});
  };
  CHECK(compare(at(0), at(2))[0].first == GroupDifference{0, 0, std::nullopt});
  CHECK(compare(at(2), at(2))[0].equal);
}

TEST_CASE("the same members in another order are a difference", "[compare]") {
  const auto whole = [](std::vector<Axis> axes) {
    return Topology({.world_size = 6,
                     .convention = Convention::mesh,
                     .meshes = {std::move(axes)},
                     .kinds = {{"all", {.varying = {"a", "b"}}}, {"b", {.varying = {"b"}}}}});
  };
  const auto compared = compare(whole({{"a", 2}, {"b", 3}}), whole({{"b", 3}, {"a", 2}}));
  CHECK(compared[0].equal);
  CHECK(compared[1].first == GroupDifference{0, 0, 0});
}

TEST_CASE("lists are equal however they are computed", "[compare]") {
  const Topology a({.world_size = 24, .tensor = 2, .pipeline = 3});
  const Topology b({.world_size = 24, .tensor = 2, .pipeline = 3, .convention = Convention::megatron_core});
  const auto compared = compare(a, b);
  CHECK(agree(compared));
  int equal = 0;
  int only_in_one = 0;
  for (const KindComparison& kind : compared) {
    equal += kind.equal ? 1 : 0;
    only_in_one += kind.in_a && kind.in_b ? 0 : 1;
  }
  CHECK(equal == 6);
  CHECK(equal + only_in_one == static_cast<int>(compared.size()));
}
