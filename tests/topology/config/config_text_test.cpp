#include "rankmesh/topology/config_text.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

using rankmesh::AmaxRule;
using rankmesh::ConfigError;
using rankmesh::ParallelConfig;
using rankmesh::parse_config;
using rankmesh::read_config;
using rankmesh::VirtualPipelineRule;

namespace {

const ParallelConfig everything{.world_size = 64,
                                .tensor = 2,
                                .pipeline = 4,
                                .sequence = 3,
                                .virtual_pipeline = 2,
                                .split_rank = 1,
                                .fp8 = true,
                                .distributed_optimizer = true,
                                .amax_rule = AmaxRule::data_tensor_product,
                                .virtual_pipeline_rule = VirtualPipelineRule::megatron};

const std::string known =
    "is no word of a configuration; known are world, convention, tp, pp, sp, vpp, split-rank, fp8, "
    "distributed-optimizer, amax-rule, vpp-rule, cp, ep, etp, order, optimizer-instances, hierarchical-cp, "
    "hybrid-cp, gtp, egtp, rank-offset, job-size, embedding-stages, position-embedding-stages, axes, groups";

std::string error_of(const std::string& text) {
  try {
    static_cast<void>(parse_config(text));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

std::string one_error(const std::string& message) {
  return "invalid configuration: " + message;
}

}  // namespace

TEST_CASE("a configuration is one line: the world size and what differs from the defaults", "[config_text]") {
  CHECK(to_string(ParallelConfig{}) == "world=1");
  CHECK(to_string(ParallelConfig{.world_size = 16, .tensor = 2, .pipeline = 4, .fp8 = true}) ==
        "world=16 tp=2 pp=4 fp8");
  CHECK(to_string(everything) ==
        "world=64 tp=2 pp=4 sp=3 vpp=2 split-rank=1 fp8 distributed-optimizer amax-rule=product "
        "vpp-rule=megatron");
  CHECK(to_string(ParallelConfig{.world_size = -3, .split_rank = 0}) == "world=-3 split-rank=0");
}

TEST_CASE("the line parses back to an equal configuration", "[config_text]") {
  for (const ParallelConfig& config :
       {ParallelConfig{}, everything, ParallelConfig{.world_size = INT64_MIN, .tensor = INT64_MAX}}) {
    CHECK(parse_config(to_string(config)) == config);
  }
}

TEST_CASE("words come in any order and spacing", "[config_text]") {
  CHECK(parse_config(" fp8\tpp=4\n tp=2\r\nworld=16 ") ==
        ParallelConfig{.world_size = 16, .tensor = 2, .pipeline = 4, .fp8 = true});
  CHECK(parse_config("world=8 amax-rule=reference vpp-rule=reference") == ParallelConfig{.world_size = 8});
  CHECK(parse_config("world=08") == ParallelConfig{.world_size = 8});
}

TEST_CASE("words that cannot be read are named", "[config_text]") {
  CHECK(error_of("") == one_error("world_size is missing: write world=N"));
  CHECK(error_of("tp=2") == one_error("world_size is missing: write world=N"));
  CHECK(error_of("world=8 dp=2") == one_error("dp = 2 " + known));
  CHECK(error_of("world=8 tp") == one_error("tensor has no value: a whole number is needed"));
  CHECK(error_of("world=8 tp=") == one_error("tensor has no value: a whole number is needed"));
  CHECK(error_of("world=8 tp=two") == one_error("tensor = two is not a whole number"));
  CHECK(error_of("world=8 tp=2x") == one_error("tensor = 2x is not a whole number"));
  CHECK(error_of("world=8 tp=+2") == one_error("tensor = +2 is not a whole number"));
  CHECK(error_of("world=8 tp=2.0") == one_error("tensor = 2.0 is not a whole number"));
  CHECK(error_of("world=9223372036854775808") ==
        one_error("world_size = 9223372036854775808 is beyond 64 bits"));
  CHECK(error_of("world=8 tp=2 tp=2") == one_error("tensor = 2 is given twice"));
  CHECK(error_of("world=8 fp8=1") == one_error("fp8 = 1 takes no value: write the word alone"));
  CHECK(error_of("world=8 fp8 fp8") == one_error("fp8 is given twice"));
  CHECK(error_of("world=8 amax-rule=sum") == one_error("amax_rule = sum is neither reference nor product"));
  CHECK(error_of("world=8 vpp-rule") == one_error("virtual_pipeline_rule is neither reference nor megatron"));
  // What is meant is not missing too.
  CHECK(error_of("World=8") == one_error("World = 8 is no word of a configuration; did you mean world?"));
  CHECK(error_of("world_size=8 tensor=2") ==
        "invalid configuration, 2 violations:\n"
        "  world_size = 8 is no word of a configuration; did you mean world?\n"
        "  tensor = 2 is no word of a configuration; did you mean tp?");
  CHECK(error_of("world=8 convention=megatron") ==
        one_error("convention = megatron is none of reference, extended, megatron-core, mesh; did you mean "
                  "megatron-core?"));
  CHECK(error_of("world=8 convention=exended") ==
        one_error("convention = exended is none of reference, extended, megatron-core, mesh; did you mean "
                  "extended?"));
}

TEST_CASE("reading without the exception keeps what could be read", "[config_text]") {
  const auto reading = read_config("world=16 tp=x pp=4 nonsense vpp=");
  CHECK(reading.config == ParallelConfig{.world_size = 16, .pipeline = 4});
  std::vector<std::string> fields;
  for (const auto& diagnostic : reading.diagnostics) fields.push_back(diagnostic.field);
  CHECK(fields == std::vector<std::string>{"tensor", "nonsense", "virtual_pipeline"});
  CHECK(read_config("world=16").diagnostics.empty());
}

TEST_CASE("every field has a name and a value, the convention right behind the world", "[config_text]") {
  using rankmesh::FieldText;
  const auto defaults = field_texts(ParallelConfig{});
  CHECK(defaults == std::vector<FieldText>{{"world_size", "1"},
                                           {"convention", "reference"},
                                           {"tensor", "1"},
                                           {"pipeline", "1"},
                                           {"sequence", "1"},
                                           {"virtual_pipeline", "none"},
                                           {"split_rank", "none"},
                                           {"fp8", "false"},
                                           {"distributed_optimizer", "false"},
                                           {"amax_rule", "reference"},
                                           {"virtual_pipeline_rule", "reference"},
                                           {"context", "1"},
                                           {"expert", "1"},
                                           {"expert_tensor", "none"},
                                           {"order", "tp-cp-ep-dp-pp"},
                                           {"optimizer_instances", "1"},
                                           {"hierarchical_context", "none"},
                                           {"hybrid_context", "false"},
                                           {"weight_remat", "1"},
                                           {"expert_weight_remat", "1"},
                                           {"rank_offset", "0"},
                                           {"job_size", "none"},
                                           {"embedding_stages", "none"},
                                           {"position_embedding_stages", "none"},
                                           {"meshes", "none"},
                                           {"kinds", "none"}});
  const auto full = field_texts(everything);
  REQUIRE(full.size() == defaults.size());
  const std::vector<FieldText> first(full.begin(), full.begin() + 11);
  CHECK(first == std::vector<FieldText>{{"world_size", "64"},
                                        {"convention", "reference"},
                                        {"tensor", "2"},
                                        {"pipeline", "4"},
                                        {"sequence", "3"},
                                        {"virtual_pipeline", "2"},
                                        {"split_rank", "1"},
                                        {"fp8", "true"},
                                        {"distributed_optimizer", "true"},
                                        {"amax_rule", "product"},
                                        {"virtual_pipeline_rule", "megatron"}});
}

TEST_CASE("the fields of Megatron-Core have words too", "[config_text]") {
  const ParallelConfig config{.world_size = 64,
                              .tensor = 2,
                              .pipeline = 4,
                              .convention = rankmesh::Convention::megatron_core,
                              .context = 4,
                              .expert = 2,
                              .expert_tensor = 1,
                              .order = "tp-cp-ep-pp-dp",
                              .optimizer_instances = 2,
                              .hierarchical_context = {2, 2},
                              .hybrid_context = true,
                              .weight_remat = 2,
                              .expert_weight_remat = 4,
                              .rank_offset = 8,
                              .job_size = 128,
                              .embedding_stages = {0, -1},
                              .position_embedding_stages = {1}};
  const std::string text =
      "world=64 convention=megatron-core tp=2 pp=4 cp=4 ep=2 etp=1 order=tp-cp-ep-pp-dp "
      "optimizer-instances=2 "
      "hierarchical-cp=2,2 hybrid-cp gtp=2 egtp=4 rank-offset=8 job-size=128 embedding-stages=0,-1 "
      "position-embedding-stages=1";
  CHECK(to_string(config) == text);
  CHECK(parse_config(text) == config);
}

TEST_CASE("custom meshes and kinds have words too", "[config_text]") {
  const ParallelConfig config{.world_size = 16,
                              .convention = rankmesh::Convention::mesh,
                              .meshes = {{{"tp", 2}, {"dp", -1}}, {{"ep", 4}, {"edp", 4}}},
                              .kinds = {{"dp", {.varying = {"dp"}}},
                                        {"zero", {.varying = {"tp", "dp"}}},
                                        {"ep_edp1", {.varying = {"ep"}, .at = {{"edp", 1}}}},
                                        {"experts", {.varying = {"edp"}, .numbering = {"ep"}}}}};
  const std::string text =
      "world=16 convention=mesh axes=tp=2,dp=-1/ep=4,edp=4 groups=dp,zero:tp+dp,ep@edp=1,experts:edp#ep";
  CHECK(to_string(config) == text);
  CHECK(parse_config(text) == config);
}

TEST_CASE("lists, axes and kinds that cannot be read", "[config_text]") {
  const auto messages = [](const std::string& text) {
    std::vector<std::string> result;
    for (const auto& diagnostic : read_config(text).diagnostics) result.push_back(diagnostic.message());
    return result;
  };
  CHECK(messages("world=8 convention=mine hierarchical-cp=2,x embedding-stages=0,,1") ==
        std::vector<std::string>{
            "convention = mine is none of reference, extended, megatron-core, mesh",
            "hierarchical_context = 2,x is no list of whole numbers with commas between them: \"x\" is not a "
            "whole number",
            "embedding_stages = 0,,1 is no list of whole numbers with commas between them: \"\" has no "
            "value: a "
            "whole number is needed"});
  CHECK(
      messages("world=8 axes=tp,2=3,dp=x groups=tp+,ep@x,Tp") ==
      std::vector<std::string>{
          "meshes = tp,2=3,dp=x cannot be read: axis = \"tp\" is not NAME=NUMBER, with a name of lower-case "
          "letters, digits and underscores; axis = \"2=3\" is not NAME=NUMBER, with a name of lower-case "
          "letters, digits and underscores; axis = \"dp=x\" is not a whole number behind the name",
          "kinds = tp+,ep@x,Tp cannot be read: kind = \"\" cannot name an axis; coordinate = \"x\" is not "
          "NAME=NUMBER, with a name of lower-case letters, digits and underscores; kind = \"Tp\" cannot name "
          "an axis"});
}
