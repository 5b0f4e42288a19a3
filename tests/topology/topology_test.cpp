#include "rankmesh/topology/topology.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/lists.hpp"

using rankmesh::AmaxRule;
using rankmesh::ConfigError;
using rankmesh::GroupKind;
using rankmesh::ParallelConfig;
using rankmesh::RangeError;
using rankmesh::Topology;
using rankmesh::tests::Lists;
using rankmesh::tests::lists_of;

namespace {

using Names = std::vector<std::string>;

Names kind_names(const Topology& topology) {
  Names names;
  for (const auto& kind : topology.kinds()) names.emplace_back(kind.kind.name());
  return names;
}

Lists lists(const Topology& topology, GroupKind kind) {
  return lists_of(topology.family(kind));
}

}  // namespace

TEST_CASE("the worked example: 16 ranks, tensor 2, pipeline 4", "[topology]") {
  const Topology topology({.world_size = 16, .tensor = 2, .pipeline = 4, .fp8 = true});
  CHECK(lists(topology, GroupKind::data) ==
        Lists{{0, 2}, {1, 3}, {4, 6}, {5, 7}, {8, 10}, {9, 11}, {12, 14}, {13, 15}});
  CHECK(lists(topology, GroupKind::sequence_data) == lists(topology, GroupKind::data));
  CHECK(lists(topology, GroupKind::sequence).size() == 16);
  CHECK(lists(topology, GroupKind::tensor) ==
        Lists{{0, 1}, {2, 3}, {4, 5}, {6, 7}, {8, 9}, {10, 11}, {12, 13}, {14, 15}});
  CHECK(lists(topology, GroupKind::pipeline) ==
        Lists{{0, 4, 8, 12}, {1, 5, 9, 13}, {2, 6, 10, 14}, {3, 7, 11, 15}});
  CHECK(lists(topology, GroupKind::model) == Lists{{0, 1, 4, 5, 8, 9, 12, 13}, {2, 3, 6, 7, 10, 11, 14, 15}});
  CHECK(lists(topology, GroupKind::embedding) == Lists{{0, 12}, {1, 13}, {2, 14}, {3, 15}});
  CHECK(lists(topology, GroupKind::position_embedding) == Lists{{0}, {1}, {2}, {3}});
  CHECK(lists(topology, GroupKind::amax) ==
        Lists{{0, 1, 2, 3}, {4, 5, 6, 7}, {8, 9, 10, 11}, {12, 13, 14, 15}});
}

TEST_CASE("kinds come in the order of creation, amax only with fp8", "[topology]") {
  Names names{"data",   "sequence", "sequence_data", "model",
              "tensor", "pipeline", "embedding",     "position_embedding"};
  CHECK(kind_names(Topology({.world_size = 4})) == names);
  names.emplace_back("amax");
  CHECK(kind_names(Topology({.world_size = 4, .fp8 = true})) == names);
}

TEST_CASE("the split stage joins the embedding groups, once", "[topology]") {
  const auto groups = [](std::int64_t split, GroupKind kind) {
    return lists(Topology({.world_size = 8, .pipeline = 4, .split_rank = split}), kind).front();
  };
  CHECK(groups(0, GroupKind::embedding) == std::vector<int>{0, 6});
  CHECK(groups(1, GroupKind::embedding) == std::vector<int>{0, 2, 6});
  CHECK(groups(3, GroupKind::embedding) == std::vector<int>{0, 6});
  CHECK(groups(0, GroupKind::position_embedding) == std::vector<int>{0});
  CHECK(groups(1, GroupKind::position_embedding) == std::vector<int>{0, 2});
  CHECK(groups(3, GroupKind::position_embedding) == std::vector<int>{0, 6});

  const Topology single({.world_size = 2, .split_rank = 7});
  CHECK(lists(single, GroupKind::embedding) == Lists{{0}, {1}});
  CHECK(lists(single, GroupKind::position_embedding) == Lists{{0}, {1}});
}

TEST_CASE("with sequence parallelism the amax rules differ", "[topology]") {
  ParallelConfig config{.world_size = 8, .sequence = 4, .fp8 = true};
  CHECK(lists(Topology(config), GroupKind::amax) == Lists{{0, 1}, {2, 3}, {4, 5}, {6, 7}});
  CHECK(lists(Topology(config), GroupKind::data) == Lists{{0, 4}, {1, 5}, {2, 6}, {3, 7}});
  config.amax_rule = AmaxRule::data_tensor_product;
  CHECK(lists(Topology(config), GroupKind::amax) == Lists{{0, 1, 2, 3, 4, 5, 6, 7}});
}

TEST_CASE("the mesh has the sizes of the configuration", "[topology]") {
  const Topology topology({.world_size = 48, .tensor = 2, .pipeline = 4});
  CHECK(topology.world_size() == 48);
  CHECK(topology.mesh().to_string() == "tp=2 sp=1 dp=6 pp=4");
  CHECK(topology.meshes().size() >= 1);
  CHECK(topology.meshes().front() == topology.mesh());
  for (const auto& kind : topology.kinds()) {
    REQUIRE(kind.mesh < topology.meshes().size());
    CHECK_FALSE(kind.varying.empty());
  }
}

TEST_CASE("kinds say what they are made from", "[topology]") {
  const Topology topology({.world_size = 16, .tensor = 2, .pipeline = 4});
  CHECK(topology.kinds()[3].kind == GroupKind::model);
  CHECK(topology.kinds()[3].varying == Names{"tp", "pp"});
  CHECK(topology.kinds()[3].derivation == rankmesh::Derivation::whole);
  CHECK(topology.kinds()[3].parent == std::nullopt);
  CHECK(topology.kinds()[6].kind == GroupKind::embedding);
  CHECK(topology.kinds()[6].derivation == rankmesh::Derivation::picked);
  CHECK(topology.kinds()[6].parent == GroupKind::pipeline);
}

TEST_CASE("the group of a rank", "[topology]") {
  const Topology topology({.world_size = 16, .tensor = 2, .pipeline = 4});
  CHECK(topology.group_of(GroupKind::data, 5).to_vector() == std::vector<int>{5, 7});
  CHECK(topology.group_of(GroupKind::data, 5).group() == 3);
  CHECK_THROWS_WITH(topology.group_of(GroupKind::embedding, 4),
                    "rank 4 is in no embedding group of a world of 16");
  CHECK_THROWS_AS(topology.group_of(GroupKind::data, 16), RangeError);
}

TEST_CASE("a kind that a topology lacks is found to be absent", "[topology]") {
  const Topology topology({.world_size = 16, .tensor = 2, .pipeline = 4});
  CHECK(topology.find(GroupKind::amax) == nullptr);
  CHECK(topology.find(GroupKind::data) == &topology.family(GroupKind::data));
  CHECK_THROWS_WITH(topology.family(GroupKind::amax),
                    "this topology has no groups of kind amax; it has data, sequence, sequence_data, model, "
                    "tensor, pipeline, embedding, position_embedding");
  CHECK_THROWS_AS(topology.group_of(GroupKind("expert"), 0), RangeError);
}

TEST_CASE("an invalid configuration is refused with every violation", "[topology]") {
  const ParallelConfig config{.world_size = 16, .tensor = 3, .split_rank = -1};
  try {
    const Topology topology(config);
    FAIL("accepted");
  } catch (const ConfigError& error) {
    const auto expected = check(config);
    CHECK(expected.size() == 2);
    CHECK(std::vector(error.diagnostics().begin(), error.diagnostics().end()) == expected);
  }
}

TEST_CASE("topologies are values, equal when their configurations are", "[topology]") {
  const Topology topology({.world_size = 16, .tensor = 2});
  Topology copy({.world_size = 1});
  CHECK_FALSE(copy == topology);
  copy = topology;
  CHECK(copy == topology);
  CHECK(lists(copy, GroupKind::tensor) == lists(topology, GroupKind::tensor));
}

TEST_CASE("quirks that an option would mend are warned of", "[topology]") {
  const auto warnings_of = [](const ParallelConfig& config) { return warnings(Topology(config)); };
  CHECK(warnings_of({.world_size = 16, .tensor = 2, .pipeline = 4, .split_rank = 1, .fp8 = true}).empty());
  CHECK(warnings_of({.world_size = 8, .sequence = 4}).empty());
  CHECK(warnings_of({.world_size = 8, .sequence = 4, .fp8 = true, .amax_rule = AmaxRule::data_tensor_product})
            .empty());
  CHECK(
      warnings_of({.world_size = 8, .sequence = 4, .fp8 = true}) ==
      Names{
          "amax groups are blocks of consecutive ranks, as in the reference, and with sequence = 4 match no "
          "group that shares weights; the amax rule data_tensor_product makes them the product of the data, "
          "tensor and sequence groups"});
  CHECK(warnings_of({.world_size = 8, .sequence = 2, .fp8 = true}).size() == 1);
  CHECK(warnings_of({.world_size = 8, .split_rank = 3}) ==
        Names{"split_rank = 3 has no effect with pipeline = 1, as in the reference"});
}
