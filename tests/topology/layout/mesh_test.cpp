#include "rankmesh/topology/mesh.hpp"

#include <string>
#include <vector>

#include "rankmesh/topology/error.hpp"
#include "support/catch.hpp"
#include "support/lists.hpp"
#include "support/mesh_oracle.hpp"

using rankmesh::Axis;
using rankmesh::ConfigError;
using rankmesh::Mesh;
using rankmesh::RangeError;
using rankmesh::tests::lists_of;
using rankmesh::tests::mesh_lists;

namespace {

const Mesh mesh({{"tp", 2}, {"cp", 3}, {"pp", 4}});

std::string error_of(const std::vector<Axis>& axes) {
  try {
    static_cast<void>(Mesh(axes));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("the leftmost axis varies fastest", "[mesh]") {
  CHECK(mesh.world_size() == 24);
  CHECK(mesh.stride("tp") == 1);
  CHECK(mesh.stride("cp") == 2);
  CHECK(mesh.stride("pp") == 6);
  CHECK(mesh.size("cp") == 3);
  CHECK(mesh.coordinates(0) == std::vector<int>{0, 0, 0});
  CHECK(mesh.coordinates(1) == std::vector<int>{1, 0, 0});
  CHECK(mesh.coordinates(2) == std::vector<int>{0, 1, 0});
  CHECK(mesh.coordinates(23) == std::vector<int>{1, 2, 3});
  CHECK(mesh.coordinate(23, "cp") == 2);
}

TEST_CASE("coordinates and ranks are inverse", "[mesh]") {
  for (int rank = 0; rank < mesh.world_size(); ++rank) CHECK(mesh.rank_at(mesh.coordinates(rank)) == rank);
}

TEST_CASE("axes are found by name", "[mesh]") {
  CHECK(mesh.find("cp") == 1U);
  CHECK(mesh.find("dp") == std::nullopt);
  CHECK(mesh.axes().size() == 3);
  CHECK(mesh.axes()[2] == Axis{"pp", 4});
  CHECK(mesh.to_string() == "tp=2 cp=3 pp=4");
}

TEST_CASE("a mesh without axes is a world of one", "[mesh]") {
  const Mesh point({});
  CHECK(point.world_size() == 1);
  CHECK(point.coordinates(0).empty());
  CHECK(point.rank_at({}) == 0);
  CHECK(point.to_string().empty());
  CHECK(lists_of(point.family({})) == rankmesh::tests::Lists{{0}});
}

TEST_CASE("meshes are equal when their axes are", "[mesh]") {
  CHECK(mesh == Mesh({{"tp", 2}, {"cp", 3}, {"pp", 4}}));
  CHECK_FALSE(mesh == Mesh({{"tp", 2}, {"dp", 3}, {"pp", 4}}));
}

TEST_CASE("a family for every set of axes is that of the nested loops", "[mesh]") {
  const std::vector<Axis> axes(mesh.axes().begin(), mesh.axes().end());
  for (unsigned set = 0; set < 8; ++set) {
    std::vector<std::string> names;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      if ((set >> axis & 1U) != 0) names.push_back(axes[axis].name);
    }
    const std::vector<std::string_view> varying(names.rbegin(), names.rend());
    INFO("set " << set);
    CHECK(lists_of(mesh.family(varying)) == mesh_lists(axes, names));
  }
}

TEST_CASE("questions about ranks and axes that do not exist are refused", "[mesh]") {
  CHECK_THROWS_WITH(mesh.coordinates(24), "rank 24 does not exist: the world has 24 ranks, 0 .. 23");
  CHECK_THROWS_AS(mesh.coordinates(-1), RangeError);
  CHECK_THROWS_AS(mesh.coordinate(24, "tp"), RangeError);
  CHECK_THROWS_WITH(mesh.coordinate(0, "dp"), "there is no axis \"dp\"; the mesh has tp, cp, pp");
  CHECK_THROWS_AS(mesh.size("dp"), RangeError);
  CHECK_THROWS_WITH(Mesh({}).stride("dp"), "there is no axis \"dp\"; the mesh has none");
  CHECK_THROWS_WITH(mesh.rank_at(std::vector<int>{1, 1}),
                    "2 coordinates given, the mesh has 3 axes: tp, cp, pp");
  CHECK_THROWS_WITH(mesh.rank_at(std::vector<int>{1, 3, 0}),
                    "coordinate cp = 3 does not exist: the axis has 3 values");
  CHECK_THROWS_AS(mesh.rank_at(std::vector<int>{-1, 0, 0}), RangeError);
}

TEST_CASE("axes that make no mesh are all named", "[mesh]") {
  CHECK(error_of({{"tp", 0}}) == "invalid configuration: tp = 0 is below 1; nearest: 1");
  CHECK(error_of({{"", 2}}) == "invalid configuration: axis 0 = 2 has no name");
  CHECK(error_of({{"tp", 2}, {"tp", 3}}) == "invalid configuration: tp = 3 repeats the name of another axis");
  CHECK(error_of({{"tp", 65536}, {"pp", 32768}}) ==
        "invalid configuration: pp = 32768 makes the world larger than 2147483647 ranks; nearest: 32767");
  CHECK(error_of({{"tp", -1}, {"", 1}, {"tp", INT64_MAX}}) ==
        "invalid configuration, 4 violations:\n"
        "  tp = -1 is below 1; nearest: 1\n"
        "  axis 1 = 1 has no name\n"
        "  tp = 9223372036854775807 repeats the name of another axis\n"
        "  tp = 9223372036854775807 makes the world larger than 2147483647 ranks; nearest: 2147483647");
  CHECK(error_of({{"tp", 2147483647}, {"pp", 1}}) == "accepted");
}

TEST_CASE("varying axes that make no family are all named", "[mesh]") {
  CHECK_THROWS_WITH(mesh.family({"tp", "dp", "tp"}),
                    "invalid configuration, 2 violations:\n"
                    "  axis = dp is not an axis of the mesh, which has tp, cp, pp\n"
                    "  axis = tp is given twice");
}

TEST_CASE("the complement of some axes is the others, in the order of the mesh", "[mesh]") {
  using Names = std::vector<std::string>;
  CHECK(mesh.complement(Names{"cp"}) == Names{"tp", "pp"});
  CHECK(mesh.complement(Names{"pp", "tp"}) == Names{"cp"});
  CHECK(mesh.complement(Names{}) == Names{"tp", "cp", "pp"});
  CHECK_THROWS_WITH(mesh.complement(Names{"dp", "cp", "cp"}),
                    "invalid configuration, 2 violations:\n"
                    "  axis = dp is not an axis of the mesh, which has tp, cp, pp\n"
                    "  axis = cp is given twice");
}

TEST_CASE("neighbours are flattened into one axis, the ranks stay where they are", "[mesh]") {
  using Names = std::vector<std::string>;
  CHECK(mesh.flatten(Names{"cp", "tp"}, "tp_cp").to_string() == "tp_cp=6 pp=4");
  CHECK(mesh.flatten(Names{"pp", "cp"}, "rest").to_string() == "tp=2 rest=12");
  CHECK(mesh.flatten(Names{"cp"}, "context").to_string() == "tp=2 context=3 pp=4");
  CHECK(lists_of(mesh.flatten(Names{"tp", "cp"}, "a").family({"a"})) == lists_of(mesh.family({"tp", "cp"})));
  CHECK_THROWS_WITH(mesh.flatten(Names{"tp", "pp"}, "a"),
                    "invalid configuration: flatten = tp+pp are no neighbours in tp=2 cp=3 pp=4: merge "
                    "neighbours, or let them vary together in a kind of group");
  CHECK_THROWS_AS(mesh.flatten(Names{}, "a"), ConfigError);
  CHECK_THROWS_AS(mesh.flatten(Names{"tp", "cp"}, "pp"), ConfigError);
}

TEST_CASE("an axis is split into several, the first of them fastest", "[mesh]") {
  CHECK(mesh.unflatten("pp", {{"a", 2}, {"b", 2}}).to_string() == "tp=2 cp=3 a=2 b=2");
  CHECK(mesh.unflatten("tp", {{"a", 1}, {"b", -1}}).to_string() == "a=1 b=2 cp=3 pp=4");
  CHECK(lists_of(mesh.unflatten("pp", {{"a", 2}, {"b", 2}}).family({"a"})).front() == std::vector<int>{0, 6});
  CHECK_THROWS_WITH(mesh.unflatten("pp", {{"a", 3}, {"b", 2}}),
                    "invalid configuration: unflatten = a=3 b=2 does not multiply to pp = 4");
  CHECK_THROWS_WITH(
      mesh.unflatten("pp", {{"a", 3}, {"b", -1}}),
      "invalid configuration: b = -1 cannot be filled in: the other sizes do not divide a world of 4");
  CHECK_THROWS_AS(mesh.unflatten("dp", {{"a", 4}}), ConfigError);
  CHECK_THROWS_AS(mesh.unflatten("pp", {{"tp", 4}}), ConfigError);
  CHECK_THROWS_AS(mesh.unflatten("pp", {{"a", 0}, {"b", 4}}), ConfigError);
}

TEST_CASE("one size may be -1, what the others leave", "[mesh]") {
  using rankmesh::fill_in;
  CHECK(fill_in({{"tp", 2}, {"dp", -1}}, 16) == std::vector<Axis>{{"tp", 2}, {"dp", 8}});
  CHECK(fill_in({{"tp", 2}, {"dp", 3}}, std::nullopt) == std::vector<Axis>{{"tp", 2}, {"dp", 3}});
  CHECK_THROWS_WITH(
      fill_in({{"tp", -1}, {"dp", -1}}, 16),
      "invalid configuration: tp = -1 is not the only size of -1: one at most can be what the others "
      "leave");
  CHECK_THROWS_WITH(
      fill_in({{"dp", -1}}, std::nullopt),
      "invalid configuration: dp = -1 is what the others leave of the world, whose size is not given");
  CHECK_THROWS_AS(fill_in({{"tp", 3}, {"dp", -1}}, 16), ConfigError);
  CHECK_THROWS_AS(fill_in({{"tp", INT64_MAX}, {"cp", INT64_MAX}, {"dp", -1}}, 16), ConfigError);
  CHECK_THROWS_AS(fill_in({{"dp", -1}}, 0), ConfigError);
}
