#include <map>
#include <nlohmann/json.hpp>

#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/invariants.hpp"
#include "support.hpp"
#include "support/catch.hpp"
#include "support/lists.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;

namespace {

/// Command lines with their configurations.
struct Case {
  std::string options;
  ParallelConfig config;
};

std::vector<Case> cases() {
  return {
      {"--world-size 1", {.world_size = 1}},
      {"--world-size 16 --tp 2 --pp 4", {.world_size = 16, .tensor = 2, .pipeline = 4}},
      {"--world-size 24 --tp 2 --pp 3 --split-rank 1 --fp8",
       {.world_size = 24, .tensor = 2, .pipeline = 3, .split_rank = 1, .fp8 = true}},
      {"--world-size 12 --sp 3 --fp8", {.world_size = 12, .sequence = 3, .fp8 = true}},
      {"--world-size 12 --sp 3 --fp8 --amax-rule product",
       {.world_size = 12, .sequence = 3, .fp8 = true, .amax_rule = AmaxRule::data_tensor_product}},
      {"--world-size 4096 --tp 8 --pp 4 --vpp 2",
       {.world_size = 4096, .tensor = 8, .pipeline = 4, .virtual_pipeline = 2}},
  };
}

}  // namespace

TEST_CASE("groups as JSON are the groups of the topology") {
  for (const Case& c : cases()) {
    INFO(c.options);
    const Outcome outcome = run_line("groups " + c.options + " --format json");
    REQUIRE(outcome.status == cli::success);
    const auto json = nlohmann::ordered_json::parse(outcome.out);
    const Topology topology(c.config);

    CHECK(json.size() == 3);
    CHECK(json["world_size"] == topology.world_size());
    REQUIRE(json["groups"].size() == topology.kinds().size());
    auto entry = json["groups"].begin();
    for (const KindLists& lists : enumerate(topology)) {
      CHECK(entry.key() == lists.kind.name());
      CHECK(entry.value().get<Lists>() == lists.groups);
      ++entry;
    }
  }
}

TEST_CASE("the configuration as JSON has every field under its name") {
  const Outcome outcome =
      run_line("groups --world-size 24 --tp 2 --pp 3 --split-rank 1 --fp8 --vpp-rule megatron --format json");
  const auto config = nlohmann::ordered_json::parse(outcome.out)["config"];
  CHECK(config == nlohmann::ordered_json{{"world_size", 24},
                                         {"tensor", 2},
                                         {"pipeline", 3},
                                         {"sequence", 1},
                                         {"virtual_pipeline", nullptr},
                                         {"split_rank", 1},
                                         {"fp8", true},
                                         {"distributed_optimizer", false},
                                         {"amax_rule", "reference"},
                                         {"virtual_pipeline_rule", "megatron"}});
  std::vector<std::string> names;
  for (const auto& item : config.items()) names.push_back(item.key());
  std::vector<std::string> fields;
  for (const FieldValue& field : fields_of_convention({})) fields.emplace_back(field.field);
  CHECK(names == fields);
}

TEST_CASE("groups as CSV are the groups of the topology") {
  for (const Case& c : cases()) {
    INFO(c.options);
    const Outcome outcome = run_line("groups " + c.options + " --format csv");
    REQUIRE(outcome.status == cli::success);
    std::string expected = "kind,group,ranks\n";
    for (const KindLists& lists : enumerate(Topology(c.config))) {
      for (std::size_t g = 0; g < lists.groups.size(); ++g) {
        expected += std::string(lists.kind.name()) + "," + std::to_string(g);
        char separator = ',';
        for (const int rank : lists.groups[g]) {
          expected += separator + std::to_string(rank);
          separator = ' ';
        }
        expected += '\n';
      }
    }
    CHECK((outcome.out == expected));
  }
}

TEST_CASE("a world of any size is streamed: the last ranks of the largest are right") {
  const Outcome outcome = run_line("rank 2147483646 --world-size 2147483647 --format text");
  CHECK(outcome.status == cli::success);
  CHECK_THAT(outcome.out, ContainsSubstring("2147483646 of 2147483647"));
}

TEST_CASE("text with --all shortens nothing") {
  const Outcome outcome = run_line("groups --world-size 1000 --kind data --kind sequence --all");
  CHECK(outcome.out.find("...") == std::string::npos);
  std::string all = "[0";
  for (int rank = 1; rank < 1000; ++rank) all += ", " + std::to_string(rank);
  CHECK_THAT(outcome.out, ContainsSubstring(all + "]"));
  for (int rank = 0; rank < 1000; ++rank) {
    CHECK(outcome.out.find("[" + std::to_string(rank) + "]") != std::string::npos);
  }
}
