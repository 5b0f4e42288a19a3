#include "rankmesh/options/config_options.hpp"

#include <algorithm>

#include "adapters/programs/rankmesh/support.hpp"
#include "rankmesh/options/options.hpp"
#include "rankmesh/options/suggestions.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::cli;
using namespace rankmesh::tests;

namespace {

ConfigReading read(const std::string& line, std::optional<std::int64_t> world_size = std::nullopt) {
  Program program({.name = "program"});
  const ConfigOptions options(program);
  const std::vector<std::string> words = split(line);
  CHECK(parse(program, words).problems.empty());
  return options.read(world_size);
}

std::vector<std::string> fields(const ConfigReading& reading) {
  std::vector<std::string> result;
  for (const Diagnostic& diagnostic : reading.diagnostics) result.push_back(diagnostic.field);
  return result;
}

using Fields = std::vector<std::string>;

}  // namespace

TEST_CASE("every field has an option") {
  for (const FieldText& field : field_texts({})) {
    INFO(field.field);
    // `rankmesh mesh` has options for these.
    if (field.field == "meshes" || field.field == "kinds") continue;
    CHECK(option_of_field(field.field).starts_with("--"));
  }
  CHECK(option_of_field("layers").empty());
}

TEST_CASE("options are read into the configuration") {
  const ConfigReading reading = read(
      "--world-size 16 --tp 2 --pp=4 --sp 1 --vpp 2 --split-rank 3 --fp8 --distributed-optimizer "
      "--amax-rule product --vpp-rule megatron");
  CHECK(reading.diagnostics.empty());
  CHECK(reading.config == ParallelConfig{.world_size = 16,
                                         .tensor = 2,
                                         .pipeline = 4,
                                         .sequence = 1,
                                         .virtual_pipeline = 2,
                                         .split_rank = 3,
                                         .fp8 = true,
                                         .distributed_optimizer = true,
                                         .amax_rule = AmaxRule::data_tensor_product,
                                         .virtual_pipeline_rule = VirtualPipelineRule::megatron});
}

TEST_CASE("options of Megatron-Core are read into the configuration") {
  const ConfigReading reading = read(
      "--convention megatron-core --world-size 64 --tp 2 --pp 2 --cp 4 --ep 2 --etp 1 --order TP-CP-EP-DP-PP "
      "--vpp 2 "
      "--optimizer-instances 2 --hierarchical-cp 2,2 --hybrid-cp --gtp 1 --egtp 1 --rank-offset 8 --job-size "
      "80 "
      "--embedding-stages 0,-1 --position-embedding-stages -1");
  CHECK(fields(reading) == Fields{});
  CHECK(reading.config == ParallelConfig{.world_size = 64,
                                         .tensor = 2,
                                         .pipeline = 2,
                                         .virtual_pipeline = 2,
                                         .convention = Convention::megatron_core,
                                         .context = 4,
                                         .expert = 2,
                                         .expert_tensor = 1,
                                         .order = "TP-CP-EP-DP-PP",
                                         .optimizer_instances = 2,
                                         .hierarchical_context = {2, 2},
                                         .hybrid_context = true,
                                         .rank_offset = 8,
                                         .job_size = 80,
                                         .embedding_stages = {0, -1},
                                         .position_embedding_stages = {-1}});
}

TEST_CASE("an unreadable value of Megatron-Core has no consequences") {
  const std::string core = "--convention megatron-core --world-size 8 ";
  CHECK(fields(read(core + "--cp x --hierarchical-cp 2,2")) == Fields{"context"});
  CHECK(fields(read(core + "--ep x --tp 3")) == Fields{"tensor", "expert"});
  CHECK(fields(read(core + "--ep x --tp 0 --order tp-xp")) == Fields{"tensor", "expert", "order"});
  CHECK(fields(read(core + "--pp x --embedding-stages 0,7 --vpp 2")) == Fields{"pipeline"});
  CHECK(fields(read("--convention core --world-size 8 --cp 2 --tp 3")) == Fields{"convention"});
  CHECK(fields(read("--convention megatron-core --cp 2")) == Fields{"world_size"});
  CHECK(fields(read("--convention mesh --world-size 8")) == Fields{"convention"});
}

TEST_CASE("the world size may come from the caller") {
  CHECK(read("--tp 2", 8).config == ParallelConfig{.world_size = 8, .tensor = 2});
  CHECK(read("--tp 2 --world-size 4", 8).config == ParallelConfig{.world_size = 4, .tensor = 2});
  CHECK(fields(read("--tp 2")) == Fields{"world_size"});
  CHECK(fields(read("--tp 3", 8)) == Fields{"tensor"});
}

TEST_CASE("diagnostics are in the order of the fields, also of unreadable ones") {
  CHECK(fields(read("--amax-rule x --split-rank -1 --vpp y --sp 0 --pp z --tp 3 --world-size 8")) ==
        Fields{"tensor", "pipeline", "sequence", "virtual_pipeline", "split_rank", "amax_rule"});
}

TEST_CASE("consequences of an unreadable value are not reported") {
  CHECK(fields(read("--world-size x --tp 3")) == Fields{"world_size"});
  CHECK(fields(read("--world-size 8 --pp x --vpp 2")) == Fields{"pipeline"});
  CHECK(fields(read("--world-size 8 --pp x --vpp 0")) == Fields{"pipeline", "virtual_pipeline"});
  CHECK(fields(read("--world-size 8 --pp 2 --vpp 2 --vpp-rule x")) == Fields{"virtual_pipeline_rule"});
  CHECK(fields(read("--world-size 8 --tp 3 --tp 3")) == Fields{"tensor"});
  CHECK(fields(read("--world-size 8 --tp 2 --tp 3 --sp 2")) == Fields{"tensor"});
}

TEST_CASE("a message names the option and the field") {
  const ConfigReading reading = read("--world-size 16 --tp 3");
  REQUIRE(reading.diagnostics.size() == 1);
  CHECK(option_message(reading.diagnostics[0]) ==
        "--tp: tensor = 3 does not divide world_size = 16; nearest: 2, 4");
  CHECK(option_message({.field = "layers", .value = "3", .rule = "is odd"}) == "layers = 3 is odd");
}

TEST_CASE("options have the choices of their fields") {
  Program program({.name = "program"});
  const ConfigOptions options(program);
  const auto choices = [&](const std::string& name) {
    for (const Option* option : program.options()) {
      if (option->name() == name) return words_of(option->spec().choices);
    }
    return std::vector<std::string>{};
  };
  CHECK(choices("--convention") == std::vector<std::string>{"reference", "extended", "megatron-core",
                                                            "deepspeed", "megatron-bridge", "sglang",
                                                            "tensorrt-llm", "vllm", "xdit"});
  CHECK(choices("--amax-rule") == std::vector<std::string>{"reference", "product"});
  CHECK(choices("--tp").empty());
  // `parse` accepts any word; reading the options reports a wrong one.
  const std::vector<std::string> words{"--amax-rule", "blue"};
  CHECK(parse(program, words).problems.empty());
}
