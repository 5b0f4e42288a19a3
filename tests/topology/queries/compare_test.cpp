#include "rankmesh/topology/compare.hpp"

#include <string>
#include <vector>

#include "rankmesh/topology/topology.hpp"
#include "support/catch.hpp"

using namespace rankmesh;

namespace {

/// Eight ranks on three axes of two, the leftmost fastest; a kind for each axis, under Megatron-Core's names.
Topology on_axes(const std::vector<std::string>& axes) {
  ParallelConfig config{.world_size = 8, .convention = Convention::mesh, .meshes = {{}}};
  for (const std::string& axis : axes) config.meshes.front().push_back({axis, 2});
  for (const std::string axis : {"dp", "tp", "pp"}) config.kinds.push_back({axis, {.varying = {axis}}});
  return Topology(config);
}

}  // namespace

TEST_CASE("topologies are compared kind by kind, whatever their names", "[compare]") {
  const Topology reference({.world_size = 8, .tensor = 2, .pipeline = 2});
  const auto same = compare(reference, on_axes({"tp", "dp", "pp"}));
  CHECK(agree(same));
  CHECK(same[0] == KindComparison{.in_a = GroupKind::data, .in_b = GroupKind("dp"), .equal = true});
  CHECK(same[1] == KindComparison{.in_a = GroupKind::sequence});

  const auto other = compare(reference, on_axes({"tp", "pp", "dp"}));
  CHECK_FALSE(agree(other));
  CHECK(other[0].first == GroupDifference{0, {0, 2}, {0, 4}});

  const Topology smaller({.world_size = 4, .tensor = 2});
  CHECK(compare(Topology({.world_size = 8, .tensor = 2}), smaller)[4].first ==
        GroupDifference{4, {4, 5}, {}});
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
  CHECK(compare(at(0), at(2))[0].first == GroupDifference{0, {0, 1}, {}});
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
  CHECK(compared[1].first == GroupDifference{0, {0, 2, 4}, {0, 1, 2}});
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
