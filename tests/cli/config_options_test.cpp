#include "rankmesh/cli/config_options.hpp"

#include <algorithm>

#include "cli/support.hpp"
#include "rankmesh/cli/options.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::cli;
using namespace rankmesh::tests;

namespace {

ConfigReading read(const std::string& line, std::optional<std::int64_t> world_size = std::nullopt) {
  CLI::App app;
  const ConfigOptions options(app);
  const std::vector<std::string> words = split(line);
  CHECK(parse(app, words).problems.empty());
  return options.read(world_size);
}

std::vector<std::string> fields(const ConfigReading& reading) {
  std::vector<std::string> result;
  for (const Violation& violation : reading.violations) result.push_back(violation.field);
  return result;
}

using Fields = std::vector<std::string>;

}  // namespace

TEST_CASE("every field has an option") {
  for (const FieldText& field : field_texts({})) {
    INFO(field.field);
    CHECK(option_of_field(field.field).starts_with("--"));
  }
  CHECK(option_of_field("layers").empty());
}

TEST_CASE("options are read into the configuration") {
  const ConfigReading reading = read(
      "--world-size 16 --tp 2 --pp=4 --sp 1 --vpp 2 --split-rank 3 --fp8 --distributed-optimizer "
      "--amax-rule product --vpp-rule megatron");
  CHECK(reading.violations.empty());
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

TEST_CASE("the world size may come from the caller") {
  CHECK(read("--tp 2", 8).config == ParallelConfig{.world_size = 8, .tensor = 2});
  CHECK(read("--tp 2 --world-size 4", 8).config == ParallelConfig{.world_size = 4, .tensor = 2});
  CHECK(fields(read("--tp 2")) == Fields{"world_size"});
  CHECK(fields(read("--tp 3", 8)) == Fields{"tensor"});
}

TEST_CASE("violations come in the order of the fields, readable or not") {
  CHECK(fields(read("--amax-rule x --split-rank -1 --vpp y --sp 0 --pp z --tp 3 --world-size 8")) ==
        Fields{"tensor", "pipeline", "sequence", "virtual_pipeline", "split_rank", "amax_rule"});
}

TEST_CASE("nothing is reported that follows from an unreadable value") {
  CHECK(fields(read("--world-size x --tp 3")) == Fields{"world_size"});
  CHECK(fields(read("--world-size 8 --pp x --vpp 2")) == Fields{"pipeline"});
  CHECK(fields(read("--world-size 8 --pp x --vpp 0")) == Fields{"pipeline", "virtual_pipeline"});
  CHECK(fields(read("--world-size 8 --pp 2 --vpp 2 --vpp-rule x")) == Fields{"virtual_pipeline_rule"});
  CHECK(fields(read("--world-size 8 --tp 3 --tp 3")) == Fields{"tensor"});
  CHECK(fields(read("--world-size 8 --tp 2 --tp 3 --sp 2")) == Fields{"tensor"});
}

TEST_CASE("a message names the option and the field") {
  const ConfigReading reading = read("--world-size 16 --tp 3");
  REQUIRE(reading.violations.size() == 1);
  CHECK(option_message(reading.violations[0]) ==
        "--tp: tensor = 3 does not divide world_size = 16; nearest: 2, 4");
  CHECK(option_message({.field = "layers", .value = "3", .rule = "is odd"}) == "layers = 3 is odd");
}
