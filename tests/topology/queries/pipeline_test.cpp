#include "rankmesh/topology/pipeline.hpp"

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/topology.hpp"
#include "support/catch.hpp"

using rankmesh::ConfigError;
using rankmesh::LayerRange;
using rankmesh::Pipeline;
using rankmesh::RangeError;
using rankmesh::Topology;

namespace {

Pipeline pipeline_of(const rankmesh::ParallelConfig& config) {
  const Topology topology(config);
  return topology.pipeline();
}

const Pipeline& plain() {
  static const Pipeline pipeline = pipeline_of({.world_size = 16, .tensor = 2, .pipeline = 4});
  return pipeline;
}

std::string layers_error(const Pipeline& pipeline, std::int64_t layers) {
  try {
    static_cast<void>(pipeline.layers({.layers = layers}));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("a stage is the position in the pipeline group", "[pipeline]") {
  CHECK(plain().stages() == 4);
  CHECK(plain().stage_of(0) == 0);
  CHECK(plain().stage_of(3) == 0);
  CHECK(plain().stage_of(4) == 1);
  CHECK(plain().stage_of(15) == 3);
  CHECK(plain().virtual_stages() == std::nullopt);
  CHECK(plain().split_stage() == std::nullopt);
}

TEST_CASE("the next and previous stages wrap", "[pipeline]") {
  CHECK(plain().next_rank(1) == 5);
  CHECK(plain().next_rank(13) == 1);
  CHECK(plain().previous_rank(5) == 1);
  CHECK(plain().previous_rank(1) == 13);

  const Pipeline single = pipeline_of({.world_size = 4, .tensor = 2});
  CHECK(single.next_rank(3) == 3);
  CHECK(single.previous_rank(3) == 3);
}

TEST_CASE("the first and last stages without virtual ones", "[pipeline]") {
  for (int rank = 0; rank < 16; ++rank) {
    CHECK(plain().is_first_stage(rank) == (rank < 4));
    CHECK(plain().is_last_stage(rank) == (rank >= 12));
    CHECK(plain().is_first_stage(rank, 0) == (rank < 4));
    CHECK(plain().is_last_stage(rank, 0) == (rank >= 12));
  }
}

TEST_CASE("with virtual stages the first and last chunks count", "[pipeline]") {
  const Pipeline pipeline = pipeline_of({.world_size = 4, .pipeline = 4, .virtual_pipeline = 2});
  CHECK(pipeline.virtual_stages() == 2);
  for (int rank = 0; rank < 4; ++rank) {
    CHECK(pipeline.is_first_stage(rank) == (rank == 0));
    CHECK(pipeline.is_last_stage(rank) == (rank == 3));
    CHECK(pipeline.is_first_stage(rank, 0) == (rank == 0));
    CHECK_FALSE(pipeline.is_first_stage(rank, 1));
    CHECK_FALSE(pipeline.is_last_stage(rank, 0));
    CHECK(pipeline.is_last_stage(rank, 1) == (rank == 3));
  }
  CHECK_THROWS_WITH(pipeline.is_first_stage(0, 2),
                    "virtual stage 2 does not exist: a stage has 2, counted from 0");
  CHECK_THROWS_AS(pipeline.is_last_stage(0, -1), RangeError);
  CHECK_THROWS_AS(plain().is_first_stage(0, 1), RangeError);
}

TEST_CASE("the split parts encoder from decoder", "[pipeline]") {
  const Pipeline pipeline = pipeline_of({.world_size = 8, .pipeline = 4, .split_rank = 2});
  CHECK(pipeline.split_stage() == 2);
  const std::vector<bool> before{true, true, false, false};
  const std::vector<bool> at{false, true, false, false};
  for (int stage = 0; stage < 4; ++stage) {
    CHECK(pipeline.is_before_split(stage) == before[static_cast<std::size_t>(stage)]);
    CHECK(pipeline.is_after_split(stage) != before[static_cast<std::size_t>(stage)]);
    CHECK(pipeline.is_at_split(stage) == at[static_cast<std::size_t>(stage)]);
  }
}

TEST_CASE("a split at the first stage leaves no encoder", "[pipeline]") {
  const Pipeline pipeline = pipeline_of({.world_size = 8, .pipeline = 4, .split_rank = 0});
  for (int stage = 0; stage < 4; ++stage) {
    CHECK_FALSE(pipeline.is_before_split(stage));
    CHECK(pipeline.is_after_split(stage));
    CHECK_FALSE(pipeline.is_at_split(stage));
  }
}

TEST_CASE("without a split or with one stage every stage is on both sides", "[pipeline]") {
  const Pipeline single = pipeline_of({.world_size = 8, .split_rank = 3});
  CHECK(single.split_stage() == 3);
  for (const Pipeline* pipeline : {&plain(), &single}) {
    for (int stage = 0; stage < pipeline->stages(); ++stage) {
      CHECK(pipeline->is_before_split(stage));
      CHECK(pipeline->is_after_split(stage));
      CHECK(pipeline->is_at_split(stage));
    }
  }
}

TEST_CASE("the reference's example: 16 layers on 4 stages of 2 virtual ones", "[pipeline]") {
  const Pipeline pipeline = pipeline_of({.world_size = 4, .pipeline = 4, .virtual_pipeline = 2});
  const auto layers = [&](int stage, int virtual_stage) {
    return pipeline.layers({.layers = 16, .stage = stage, .virtual_stage = virtual_stage});
  };
  CHECK(layers(0, 0) == LayerRange{1, 2});
  CHECK(layers(1, 0) == LayerRange{3, 2});
  CHECK(layers(2, 0) == LayerRange{5, 2});
  CHECK(layers(3, 0) == LayerRange{7, 2});
  CHECK(layers(0, 1) == LayerRange{9, 2});
  CHECK(layers(1, 1) == LayerRange{11, 2});
  CHECK(layers(2, 1) == LayerRange{13, 2});
  CHECK(layers(3, 1) == LayerRange{15, 2});
}

TEST_CASE("every layer is in exactly one chunk", "[pipeline]") {
  for (const int stages : {1, 3, 4, 8}) {
    for (const int virtual_stages : {1, 2, 3}) {
      if (stages == 1 && virtual_stages > 1) continue;
      rankmesh::ParallelConfig config{.world_size = stages, .pipeline = stages};
      if (virtual_stages > 1) config.virtual_pipeline = virtual_stages;
      const Pipeline pipeline = pipeline_of(config);
      const std::int64_t total = 5 * stages * virtual_stages;
      std::set<std::int64_t> seen;
      for (int stage = 0; stage < stages; ++stage) {
        for (int v = 0; v < virtual_stages; ++v) {
          const LayerRange range = pipeline.layers({.layers = total, .stage = stage, .virtual_stage = v});
          for (std::int64_t i = 0; i < range.count; ++i) CHECK(seen.insert(range.first + i).second);
        }
      }
      CHECK(seen.size() == static_cast<std::size_t>(total));
      CHECK(*seen.begin() == 1);
      CHECK(*seen.rbegin() == total);
    }
  }
}

TEST_CASE("layers that the chunks do not divide are refused", "[pipeline]") {
  const Pipeline pipeline = pipeline_of({.world_size = 4, .pipeline = 4, .virtual_pipeline = 2});
  CHECK(layers_error(pipeline, 15) ==
        "invalid configuration: layers = 15 is no positive multiple of pipeline = 4 times virtual_pipeline = "
        "2; "
        "it divides into 5 or 15 equal parts");
  CHECK(
      layers_error(pipeline, 3) ==
      "invalid configuration: layers = 3 is no positive multiple of pipeline = 4 times virtual_pipeline = 2; "
      "it divides into 3 equal parts");
  CHECK(layers_error(plain(), 0) ==
        "invalid configuration: layers = 0 is no positive multiple of pipeline = 4");
  CHECK(layers_error(plain(), INT64_MIN) ==
        "invalid configuration: layers = -9223372036854775808 is no positive multiple of pipeline = 4");
  CHECK(layers_error(plain(), INT64_MAX) ==
        "invalid configuration: layers = 9223372036854775807 is no positive multiple of pipeline = 4");
}

TEST_CASE("ranks and stages that do not exist are refused", "[pipeline]") {
  CHECK_THROWS_WITH(plain().stage_of(16), "rank 16 does not exist: the world has 16 ranks");
  CHECK_THROWS_AS(plain().next_rank(-1), RangeError);
  CHECK_THROWS_AS(plain().previous_rank(16), RangeError);
  CHECK_THROWS_AS(plain().is_first_stage(16), RangeError);
  CHECK_THROWS_AS(plain().is_last_stage(-1), RangeError);
  CHECK_THROWS_WITH(plain().layers({.layers = 8, .stage = 4}),
                    "stage 4 does not exist: there are 4, counted from 0");
  CHECK_THROWS_AS(plain().layers({.layers = 8, .stage = -1}), RangeError);
  CHECK_THROWS_WITH(plain().layers({.layers = 8, .stage = 0, .virtual_stage = 1}),
                    "virtual stage 1 does not exist: a stage has 1, counted from 0");
}
