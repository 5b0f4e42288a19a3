#include "rankmesh/topology/parallel_config.hpp"

#include <cstddef>
#include <string>
#include <vector>

#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/config_values.hpp"
#include "rankmesh/topology/mesh.hpp"
#include "support/cases.hpp"
#include "support/catch.hpp"
#include "support/problems.hpp"

using rankmesh::Axis;
using rankmesh::check;
using rankmesh::Convention;
using rankmesh::Diagnostic;
using rankmesh::GivenValue;
using rankmesh::KindSpec;
using rankmesh::Mesh;
using rankmesh::ParallelConfig;
using rankmesh::read_config;
using rankmesh::read_values;
using rankmesh::VirtualPipelineRule;
using rankmesh::tests::problems;

using Messages = std::vector<std::string>;

TEST_CASE("valid configurations break no rule", "[parallel_config]") {
  CHECK(problems({}).empty());
  CHECK(problems({.world_size = 16, .tensor = 2, .pipeline = 4}).empty());
  CHECK(problems({.world_size = 8, .sequence = 4}).empty());
  CHECK(problems({.world_size = 2147483647}).empty());
  CHECK(problems({.world_size = 2147483647, .tensor = 2147483647}).empty());
  CHECK(problems({.world_size = 8, .pipeline = 8, .virtual_pipeline = 2, .split_rank = 7}).empty());
  CHECK(problems({.world_size = 8, .split_rank = 1000}).empty());
}

TEST_CASE("the world has 1 to 2^31 - 1 ranks", "[parallel_config]") {
  CHECK(problems({.world_size = 0}) == Messages{"world_size = 0 is below 1; nearest: 1"});
  CHECK(problems({.world_size = -5, .tensor = 2, .pipeline = 4}) ==
        Messages{"world_size = -5 is below 1; nearest: 8"});
  CHECK(problems({.world_size = 2147483648}) ==
        Messages{"world_size = 2147483648 is above 2147483647, the most that MPI and NCCL can number; "
                 "nearest: 2147483647"});
  CHECK(problems({.world_size = INT64_MAX, .tensor = 2, .pipeline = 3}) ==
        Messages{"world_size = 9223372036854775807 is above 2147483647, the most that MPI and NCCL can "
                 "number; nearest: 2147483646"});
}

TEST_CASE("sizes are at least 1", "[parallel_config]") {
  CHECK(problems({.world_size = 8, .tensor = 0, .pipeline = -1, .sequence = INT64_MIN}) ==
        Messages{"tensor = 0 is below 1; nearest: 1", "pipeline = -1 is below 1; nearest: 1",
                 "sequence = -9223372036854775808 is below 1; nearest: 1"});
}

TEST_CASE("each size divides the world", "[parallel_config]") {
  CHECK(problems({.world_size = 16, .tensor = 3}) ==
        Messages{"tensor = 3 does not divide world_size = 16; nearest: 2, 4"});
  CHECK(problems({.world_size = 16, .tensor = 5, .pipeline = 4}) ==
        Messages{"tensor = 5 does not divide world_size = 16; nearest: 4"});
  CHECK(problems({.world_size = 12, .tensor = 5, .pipeline = 8}) ==
        Messages{"tensor = 5 does not divide world_size = 12; nearest: 4, 6",
                 "pipeline = 8 does not divide world_size = 12; nearest: 6, 12"});
  CHECK(problems({.world_size = 8, .sequence = INT64_MAX}) ==
        Messages{"sequence = 9223372036854775807 does not divide world_size = 8; nearest: 8"});
}

TEST_CASE("the product of the sizes divides the world", "[parallel_config]") {
  CHECK(problems({.world_size = 6, .tensor = 2, .pipeline = 2}) ==
        Messages{"pipeline = 2 does not work: the product of tensor = 2 and pipeline = 2 does not divide "
                 "world_size = 6; nearest: 1, 3"});
  CHECK(problems({.world_size = 2147483646, .tensor = 2147483646, .pipeline = 2147483646}) ==
        Messages{"pipeline = 2147483646 does not work: the product of tensor = 2147483646 and pipeline = "
                 "2147483646 does not divide world_size = 2147483646; nearest: 1"});
}

TEST_CASE("sequence parallelism needs tensor and pipeline of 1", "[parallel_config]") {
  CHECK(problems({.world_size = 16, .tensor = 2, .sequence = 2}) ==
        Messages{"sequence = 2 needs tensor = 1 and pipeline = 1, but tensor = 2, pipeline = 1; the "
                 "convention extended allows all three; nearest: 1"});
  CHECK(problems({.world_size = 16, .pipeline = 4, .sequence = 2}) ==
        Messages{"sequence = 2 needs tensor = 1 and pipeline = 1, but tensor = 1, pipeline = 4; the "
                 "convention extended allows all three; nearest: 1"});
}

TEST_CASE("virtual stages need enough stages, by either rule", "[parallel_config]") {
  const auto with = [](std::int64_t pipeline, VirtualPipelineRule rule) {
    return problems(
        {.world_size = 12, .pipeline = pipeline, .virtual_pipeline = 2, .virtual_pipeline_rule = rule});
  };
  CHECK(with(3, VirtualPipelineRule::reference).empty());
  CHECK(with(2, VirtualPipelineRule::megatron).empty());
  CHECK(
      with(2, VirtualPipelineRule::reference) ==
      Messages{"virtual_pipeline = 2 needs more than two pipeline stages, but pipeline = 2; leave it out, or "
               "take pipeline = 3, or the rule of Megatron-Core, which asks for more than one"});
  CHECK(
      with(1, VirtualPipelineRule::reference) ==
      Messages{"virtual_pipeline = 2 needs more than two pipeline stages, but pipeline = 1; leave it out, or "
               "take pipeline = 3"});
  CHECK(
      with(1, VirtualPipelineRule::megatron) ==
      Messages{"virtual_pipeline = 2 needs more than one pipeline stage, but pipeline = 1; leave it out, or "
               "take pipeline = 2"});
  CHECK(problems({.world_size = 8, .pipeline = 4, .virtual_pipeline = 0}) ==
        Messages{"virtual_pipeline = 0 is below 1; nearest: 1"});
  CHECK(problems({.world_size = 8, .pipeline = 4, .virtual_pipeline = 2147483648}) ==
        Messages{"virtual_pipeline = 2147483648 is above 2147483647; nearest: 2147483647"});
}

TEST_CASE("the split rank is a stage", "[parallel_config]") {
  CHECK(problems({.world_size = 8, .pipeline = 4, .split_rank = 0}).empty());
  CHECK(problems({.world_size = 8, .pipeline = 4, .split_rank = 3}).empty());
  CHECK(problems({.world_size = 8, .pipeline = 4, .split_rank = 4}) ==
        Messages{"split_rank = 4 is no stage of pipeline = 4, which has stages 0 .. 3; nearest: 3"});
  CHECK(problems({.world_size = 8, .pipeline = 4, .split_rank = -1}) ==
        Messages{"split_rank = -1 is negative: stages are counted from 0; nearest: 0"});
  CHECK(problems({.world_size = 8, .split_rank = -1}) ==
        Messages{"split_rank = -1 is negative: stages are counted from 0; nearest: 0"});
}

TEST_CASE("every violation is found at once, in the order of the fields", "[parallel_config]") {
  const auto diagnostics = check(
      {.world_size = 24, .tensor = 5, .pipeline = 2, .sequence = 4, .virtual_pipeline = 0, .split_rank = -3});
  std::vector<std::string> fields;
  for (const Diagnostic& diagnostic : diagnostics) fields.push_back(diagnostic.field);
  CHECK(fields ==
        std::vector<std::string>{"tensor", "sequence", "virtual_pipeline", "virtual_pipeline", "split_rank"});
}

TEST_CASE("what is wrong whatever the other fields are has a diagnostic of its own", "[parallel_config]") {
  CHECK(
      problems({.world_size = 6, .tensor = 2, .pipeline = 2, .sequence = 3}) ==
      Messages{"pipeline = 2 does not work: the product of tensor = 2 and pipeline = 2 does not divide "
               "world_size = 6; no value works unless sequence changes too",
               "sequence = 3 does not work: the product of tensor = 2 and pipeline = 2 and sequence = 3 does "
               "not divide world_size = 6; nearest: 1",
               "sequence = 3 needs tensor = 1 and pipeline = 1, but tensor = 2, pipeline = 2; nearest: 1"});
}

TEST_CASE("a suggestion obeys every rule, not only the broken one", "[parallel_config]") {
  CHECK(problems({.world_size = 16, .tensor = 2, .sequence = 3}) ==
        Messages{"sequence = 3 does not divide world_size = 16; nearest: 1",
                 "sequence = 3 needs tensor = 1 and pipeline = 1, but tensor = 2, pipeline = 1; nearest: 1"});
  // Two stages are too few for virtual stages.
  CHECK(problems({.world_size = 16, .pipeline = 3, .virtual_pipeline = 2}) ==
        Messages{"pipeline = 3 does not divide world_size = 16; nearest: 4"});
  CHECK(problems({.world_size = 64, .pipeline = 3, .convention = Convention::megatron_core, .expert = 32}) ==
        Messages{"pipeline = 3 does not divide world_size = 64; nearest: 2"});
  CHECK(problems({.world_size = 12, .pipeline = 5, .convention = Convention::megatron_core, .expert = 2}) ==
        Messages{"pipeline = 5 does not divide world_size = 12; nearest: 3, 6"});
  CHECK(
      problems({.world_size = 8, .convention = Convention::megatron_core, .rank_offset = 4, .job_size = 0}) ==
      Messages{"job_size = 0 is not 1 .. 2147483647; nearest: 12"});
}

TEST_CASE("where no value of a field works, the fields that must change are named", "[parallel_config]") {
  CHECK(problems({.world_size = 16,
                  .tensor = 3,
                  .convention = Convention::megatron_core,
                  .context = 2,
                  .order = "tp-dp-pp"}) ==
        Messages{"tensor = 3 does not divide world_size = 16; no value works unless order changes too"});
  CHECK(problems({.world_size = 1, .pipeline = 1, .virtual_pipeline = 0}) ==
        Messages{"virtual_pipeline = 0 is below 1; leave it out",
                 "virtual_pipeline = 0 needs more than two pipeline stages, but pipeline = 1; leave it out"});
}

TEST_CASE("of many words, fields, axes and kinds, each that is wrong is reported once", "[parallel_config]") {
  const auto many = static_cast<std::size_t>(rankmesh::tests::share_of(3000));
  std::string text = "world=1";
  for (std::size_t i = 0; i < many; ++i) text += " x" + std::to_string(i);
  for (std::size_t i = 0; i < many; ++i) text += " tp=1";
  CHECK(read_config(text).diagnostics.size() == 2 * many - 1);

  std::vector<GivenValue> values{{"world_size", "1"}};
  for (std::size_t i = 0; i < many; ++i) values.push_back({"x" + std::to_string(i), "1"});
  CHECK(read_values(values).diagnostics.size() == many);

  ParallelConfig config{.world_size = 2, .convention = Convention::mesh, .meshes = {{{"a", 2}}}};
  for (std::size_t i = 0; i < many; ++i)
    config.kinds.push_back({"k" + std::to_string(i), {.varying = {"a"}}});
  CHECK(check(config).empty());
  for (KindSpec& kind : config.kinds) kind.groups.varying = {"b"};
  CHECK(check(config).size() == many);

  std::vector<Axis> axes;
  for (std::size_t i = 0; i < many; ++i) axes.push_back({"a" + std::to_string(i), 1});
  CHECK(Mesh(axes).world_size() == 1);
}

TEST_CASE("lists that no layout needs are refused with one diagnostic each, and nothing else",
          "[parallel_config]") {
  // Each element would break a rule of its own, so that the diagnostics of these rules would be as many as
  // the elements.
  ParallelConfig config{.world_size = 8, .tensor = 3, .convention = Convention::mesh};
  config.meshes.resize(65, {{"tp", 3}});
  config.kinds.resize(4097, {.kind = "Bad name"});
  CHECK(problems(config) == Messages{"meshes has 65 meshes, and may have at most 64",
                                     "kinds has 4097 kinds, and may have at most 4096"});

  ParallelConfig megatron{.world_size = 8, .tensor = 3, .convention = Convention::megatron_core};
  for (int i = 0; i < 13; ++i) megatron.order += "-axis";
  CHECK(problems(megatron) == Messages{"order has " + std::to_string(megatron.order.size()) +
                                       " characters, and may have at most 64"});
}

TEST_CASE("where no world is large enough, the field that must change is named", "[parallel_config]") {
  ParallelConfig config{
      .world_size = -2, .convention = Convention::mesh, .meshes = {{{"pp", 2147483648}, {"dp", 1}}}};
  config.kinds.push_back({"some", {.varying = {"pp"}}});
  CHECK(problems(config) == Messages{"world_size = -2 is below 1; no value works unless meshes changes too"});
}
