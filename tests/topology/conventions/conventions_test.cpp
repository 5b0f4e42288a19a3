// Tests of the conventions extended and mesh. Megatron-Core has a separate program.

#include <string>
#include <vector>

#include "rankmesh/topology/topology.hpp"
#include "support/catch.hpp"
#include "support/lists.hpp"
#include "support/problems.hpp"

using namespace rankmesh;
using rankmesh::tests::Lists;
using rankmesh::tests::lists_of;
using rankmesh::tests::problems;

namespace {

using Texts = std::vector<std::string>;

Lists lists(const Topology& topology, const std::string& kind) {
  return lists_of(topology.family(GroupKind(kind)));
}

/// A configuration of one mesh.
ParallelConfig on_mesh(std::vector<Axis> axes, std::vector<KindSpec> kinds, std::int64_t world_size) {
  return {.world_size = world_size,
          .convention = Convention::mesh,
          .meshes = {std::move(axes)},
          .kinds = std::move(kinds)};
}

}  // namespace

TEST_CASE("extended: sequence parallelism goes with tensor and pipeline parallelism", "[conventions]") {
  const Topology topology({.world_size = 16,
                           .tensor = 2,
                           .pipeline = 2,
                           .sequence = 2,
                           .fp8 = true,
                           .convention = Convention::extended});
  CHECK(topology.mesh().to_string() == "tp=2 sp=2 dp=2 pp=2");
  CHECK(lists(topology, "tensor").front() == std::vector<int>{0, 1});
  CHECK(lists(topology, "sequence").front() == std::vector<int>{0, 2});
  CHECK(lists(topology, "data").front() == std::vector<int>{0, 4});
  CHECK(lists(topology, "sequence_data").front() == std::vector<int>{0, 2, 4, 6});
  CHECK(lists(topology, "model").front() == std::vector<int>{0, 1, 8, 9});
  CHECK(lists(topology, "amax") == Lists{{0, 1, 2, 3, 4, 5, 6, 7}, {8, 9, 10, 11, 12, 13, 14, 15}});
}

TEST_CASE("extended: sizes are checked together", "[conventions]") {
  CHECK(
      problems({.world_size = 16,
                .tensor = 2,
                .pipeline = 4,
                .sequence = 4,
                .convention = Convention::extended}) ==
      Texts{
          "sequence = 4 does not work: the product of tensor = 2 and pipeline = 4 and sequence = 4 does not "
          "divide world_size = 16; nearest: 2"});
}

TEST_CASE("a mesh as DeviceMesh has it, turned round: dp, cp, tp of two each", "[conventions]") {
  const Topology topology(
      on_mesh({{"tp", 2}, {"cp", 2}, {"dp", 2}},
              {{"dp_cp", {.varying = {"dp", "cp"}}}, {"dp_tp", {.varying = {"dp", "tp"}}}}, 8));
  CHECK(lists(topology, "dp_cp") == Lists{{0, 2, 4, 6}, {1, 3, 5, 7}});
  CHECK(lists(topology, "dp_tp") == Lists{{0, 1, 4, 5}, {2, 3, 6, 7}});
}

TEST_CASE("a grid of 2 x 4 at rank 4, as several modules of a job have it", "[conventions]") {
  ParallelConfig config =
      on_mesh({{"tp", 2}, {"dp", 4}}, {{"tp", {.varying = {"tp"}}}, {"dp", {.varying = {"dp"}}}}, 8);
  config.rank_offset = 4;
  const Topology topology(config);
  CHECK(lists(topology, "tp") == Lists{{4, 5}, {6, 7}, {8, 9}, {10, 11}});
  CHECK(lists(topology, "dp") == Lists{{4, 6, 8, 10}, {5, 7, 9, 11}});
}

TEST_CASE("groups numbered in an order of choice", "[conventions]") {
  const Topology topology(on_mesh({{"tp", 2}, {"ep", 4}, {"edp", 2}},
                                  {{"expert", {.varying = {"ep"}, .numbering = {"edp", "tp"}}}}, 16));
  CHECK(lists(topology, "expert") == Lists{{0, 2, 4, 6}, {8, 10, 12, 14}, {1, 3, 5, 7}, {9, 11, 13, 15}});
}

TEST_CASE("a slice holds the groups at some coordinates, and no other rank", "[conventions]") {
  const Topology topology(
      on_mesh({{"tp", 2}, {"dp", 2}, {"pp", 2}},
              {{"tp", {.varying = {"tp"}}}, {"last", {.varying = {"tp"}, .at = {{"pp", 1}}}}}, 8));
  CHECK(lists(topology, "last") == Lists{{4, 5}, {6, 7}});
  CHECK_FALSE(topology.family(GroupKind("last")).covers_world());
  CHECK(topology.family(GroupKind("last")).locate(3) == std::nullopt);
  CHECK_FALSE(topology.family(GroupKind("last")).same_groups(topology.family(GroupKind("tp"))));
  CHECK_THROWS_AS(topology.group_of(GroupKind("last"), 0), RangeError);
}

TEST_CASE("a mesh has stages if it has an axis pp", "[conventions]") {
  const Topology with(on_mesh({{"tp", 2}, {"pp", 4}}, {{"tp", {.varying = {"tp"}}}}, 8));
  CHECK(with.pipeline().stages() == 4);
  CHECK(with.pipeline().next_rank(7) == 1);
  const Topology without(on_mesh({{"tp", 2}, {"dp", 4}}, {{"tp", {.varying = {"tp"}}}}, 8));
  CHECK(without.pipeline().stages() == 1);
  CHECK(without.pipeline().next_rank(7) == 7);
}

TEST_CASE("a size of -1 is what the others leave", "[conventions]") {
  const Topology topology(on_mesh({{"tp", 2}, {"dp", -1}}, {{"dp", {.varying = {"dp"}}}}, 12));
  CHECK(topology.mesh().to_string() == "tp=2 dp=6");
  CHECK(topology == Topology(on_mesh({{"tp", 2}, {"dp", 6}}, {{"dp", {.varying = {"dp"}}}}, 12)));
}

TEST_CASE("what is wrong with meshes and kinds is found all at once", "[conventions]") {
  CHECK(problems({.world_size = 8, .convention = Convention::mesh}) ==
        Texts{"meshes are missing: give the axes with their sizes",
              "kinds are missing: say which axes vary in a kind of group"});
  ParallelConfig config = on_mesh({{"tp", 2}, {"dp", 3}}, {{"dp", {.varying = {"dp"}}}}, 8);
  CHECK(problems(config) ==
        Texts{"meshes = tp=2,dp=3 multiplies to 6, not to world_size = 8; take dp = 4, or "
              "take world_size = 6"});
  config.meshes = {{{"tp", INT64_MAX}, {"dp", 4}}};
  CHECK(problems(config) ==
        Texts{"meshes = tp=9223372036854775807,dp=4 does not work: tp = "
              "9223372036854775807 makes the world larger than 2147483647 ranks; take tp = 2"});
  config.meshes = {{{"tp", 2}, {"dp", -1}}, {{"a", 3}, {"b", -1}}};
  CHECK(problems(config) == Texts{"meshes = a=3,b=-1 does not work: b = -1 cannot be filled in: the other "
                                  "sizes do not divide a world "
                                  "of 8"});
  config.meshes = {{{"tp", 2}, {"dp", 4}}};
  config.kinds = {{"dp", {.varying = {"dp", "pp"}}},
                  {"dp", {.varying = {"dp"}, .at = {{"tp", 2}}}},
                  {"Zero", {.varying = {"tp", "tp"}}}};
  config.tensor = 2;
  CHECK(
      problems(config) ==
      Texts{
          "tensor = 2 means nothing in the convention mesh; it belongs to reference, extended, megatron-core",
          "kinds = dp:dp+pp does not work: axis = pp is not an axis of the mesh, which has tp, dp",
          "kinds = dp:dp@tp=2 repeats the name of another kind, dp",
          "kinds = dp:dp@tp=2 does not work: tp = 2 is no coordinate: the axis has 2 values; nearest: 1",
          "kinds = Zero:tp+tp is called \"Zero\", which cannot name a kind: 1 to 31 lower-case letters, "
          "digits "
          "and underscores are allowed, the first a letter; put name: before the axes",
          "kinds = Zero:tp+tp does not work: axis = tp is given twice"});
  CHECK(problems({.world_size = 0, .convention = Convention::mesh, .meshes = {{{"tp", 2}}}}) ==
        Texts{"world_size = 0 is below 1; nearest: 2",
              "kinds are missing: say which axes vary in a kind of group"});
}
