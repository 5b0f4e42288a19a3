#include <nlohmann/json.hpp>
#include <set>

#include "rankmesh/topology/topology.hpp"
#include "support.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;

namespace {

const ParallelConfig config{
    .world_size = 24, .tensor = 2, .pipeline = 3, .virtual_pipeline = 2, .split_rank = 1, .fp8 = true};
const std::string options = " --world-size 24 --tp 2 --pp 3 --vpp 2 --split-rank 1 --fp8 --format json";

nlohmann::ordered_json ask(int rank, const std::string& more = "") {
  const Outcome outcome = run_line("rank " + std::to_string(rank) + options + more);
  REQUIRE(outcome.status == cli::success);
  return nlohmann::ordered_json::parse(outcome.out);
}

}  // namespace

TEST_CASE("a rank as JSON has its groups") {
  const Topology topology(config);
  for (int rank = 0; rank < topology.world_size(); ++rank) {
    const auto json = ask(rank);
    CHECK(json["rank"] == rank);
    REQUIRE(json["groups"].size() == topology.kinds().size());
    for (const KindFamily& kind : topology.kinds()) {
      INFO(rank << " " << kind.kind.name());
      const auto group = json["groups"][std::string(kind.kind.name())];
      const auto place = kind.family.locate(rank);
      CHECK(group["size"] == kind.family.group_size());
      CHECK(group["ranks"] == kind.family.group(group["group"].get<int>()).to_vector());
      CHECK(group["position"].is_null() == !place);
      if (place) CHECK(group["position"] == place->position);
      if (place) CHECK(group["group"] == place->group);
    }
  }
}

TEST_CASE("lists of more than 1024 ranks are shortened, unless all are asked for") {
  const auto data_of = [](const std::string& line) {
    const Outcome outcome = run_line("rank 3 " + line + " --kind data --format json");
    REQUIRE(outcome.status == cli::success);
    return nlohmann::json::parse(outcome.out);
  };
  const auto longest = data_of("--world-size 2048 --tp 2");
  CHECK(longest["groups"]["data"]["ranks"].size() == 1024);
  CHECK_FALSE(longest.contains("note"));

  const auto shortened = data_of("--world-size 2050 --tp 2 --gpus-per-node 2");
  const auto& data = shortened["groups"]["data"];
  CHECK(data["ranks"].is_null());
  CHECK(data["ranks_size"] == 1025);
  CHECK(data["ranks_first"] == std::vector<int>{1, 3, 5, 7, 9, 11, 13, 15});
  CHECK(data["ranks_last"] == std::vector<int>{2035, 2037, 2039, 2041, 2043, 2045, 2047, 2049});
  CHECK(data["ranks_pattern"] == "1025:2");
  CHECK(data["nodes"].is_null());
  CHECK(data["nodes_size"] == 1025);
  CHECK(data["nodes_last"] == std::vector<int>{1024});
  CHECK(shortened.contains("note"));

  const auto all = data_of("--world-size 2050 --tp 2 --gpus-per-node 2 --all");
  CHECK(all["groups"]["data"]["ranks"].size() == 1025);
  CHECK(all["groups"]["data"]["nodes"].size() == 1025);
  CHECK_FALSE(all.contains("note"));
}

TEST_CASE("a rank's groups have their nodes") {
  const Topology topology(config);
  for (int rank = 0; rank < topology.world_size(); ++rank) {
    const auto json = ask(rank, " --gpus-per-node 5");
    for (const KindFamily& kind : topology.kinds()) {
      INFO(rank << " " << kind.kind.name());
      const auto group = json["groups"][std::string(kind.kind.name())];
      std::set<int> nodes;
      for (const int member : group["ranks"].get<std::vector<int>>()) nodes.insert(member / 5);
      CHECK(group["nodes"] == std::vector<int>(nodes.begin(), nodes.end()));
    }
  }
}

TEST_CASE("a rank that is not a member has the group of its pipeline") {
  const auto json = ask(10);
  CHECK(json["groups"]["position_embedding"]["ranks"] == std::vector<int>{2, 10});
  const auto last = ask(18);
  CHECK(last["groups"]["position_embedding"]["position"].is_null());
  CHECK(last["groups"]["position_embedding"]["ranks"] == std::vector<int>{2, 10});
}

TEST_CASE("a rank as JSON has its coordinates and its place in the pipeline") {
  const Topology topology(config);
  const Pipeline& pipeline = topology.pipeline();
  for (int rank = 0; rank < topology.world_size(); ++rank) {
    INFO(rank);
    const auto json = ask(rank, " --gpus-per-node 5 --layers 12");
    for (const Axis& axis : topology.mesh().axes()) {
      CHECK(json["coordinates"][axis.name] == topology.mesh().coordinate(rank, axis.name));
    }
    CHECK(json["node"] == rank / 5);
    CHECK(json["gpu"] == rank % 5);
    const int stage = pipeline.stage_of(rank);
    const auto& found = json["pipeline"];
    CHECK(found["stage"] == stage);
    CHECK(found["stages"] == 3);
    CHECK(found["is_first_stage"] == pipeline.is_first_stage(rank));
    CHECK(found["is_last_stage"] == pipeline.is_last_stage(rank));
    CHECK(found["previous_rank"] == pipeline.previous_rank(rank));
    CHECK(found["next_rank"] == pipeline.next_rank(rank));
    CHECK(found["virtual_stages"] == 2);
    CHECK(found["split_stage"] == 1);
    CHECK(found["is_before_split"] == pipeline.is_before_split(stage));
    CHECK(found["is_after_split"] == pipeline.is_after_split(stage));
    CHECK(found["is_at_split"] == pipeline.is_at_split(stage));
    CHECK(found["layers"] == nlohmann::ordered_json{{{"first", 2 * stage + 1}, {"last", 2 * stage + 2}},
                                                    {{"first", 2 * stage + 7}, {"last", 2 * stage + 8}}});
  }
}
