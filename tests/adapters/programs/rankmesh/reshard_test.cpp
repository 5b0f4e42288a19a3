// The command reshard: its JSON, carried out on labelled data.

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "rankmesh/cli/run.hpp"
#include "support.hpp"
#include "support/catch.hpp"
#include "support/state_oracle.hpp"
#include "support/temporary_folder.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;

namespace {

StatePlace place_of(const std::string& name) {
  const std::vector<std::string> names{"layers", "mtp", "embedding", "tied_embedding", "first", "last"};
  const auto found = std::find(names.begin(), names.end(), name);
  REQUIRE(found != names.end());
  return static_cast<StatePlace>(found - names.begin());
}

/// The table of classes, from JSON alone.
std::vector<StateClass> classes_of(const nlohmann::json& json) {
  std::vector<StateClass> classes;
  for (const nlohmann::json& row : json["classes"]) {
    StateClass state{.name = row["name"],
                     .place = place_of(row["place"]),
                     .experts = row["experts"],
                     .is_split = row["is_split"],
                     .units = row["units"],
                     .unit_elements = row["unit_elements"],
                     .element_bytes = row["element_bytes"],
                     .padded_to = row["padded_to"],
                     .is_sharded = row["is_sharded"]};
    if (!row["layers"].is_null()) {
      for (const nlohmann::json& range : row["layers"])
        state.layers.push_back({range[0], range[1].get<std::int64_t>() - range[0].get<std::int64_t>()});
    }
    CHECK(row["interval_counts"] == (state.is_sharded ? "elements" : "units"));
    classes.push_back(state);
  }
  return classes;
}

IndexRange range_of(const nlohmann::json& move, const char* key) {
  if (!move.contains(key)) return {0, 1};
  const std::int64_t first = move[key][0];
  return {first, move[key][1].get<std::int64_t>() - first};
}

std::vector<Labels> all_held(const OracleLayout& layout, const std::vector<StateClass>& classes) {
  const StateOracle oracle(layout, classes);
  std::vector<Labels> held;
  for (std::int64_t rank = 0; rank < layout.config.world_size; ++rank) held.push_back(oracle.held(rank));
  return held;
}

struct Change {
  std::string from{};
  std::string to{};
  OracleLayout old_layout{};
  OracleLayout new_layout{};
  std::string options{};
  std::vector<int> lost{};
};

void carry_out(const Change& change) {
  const std::string line =
      "reshard '" + change.from + "' '" + change.to + "' " + change.options + " --format json";
  INFO(line);
  const Outcome outcome = run_words(quoted(line));
  INFO(outcome.err);
  REQUIRE(outcome.status == cli::success);
  const nlohmann::json json = nlohmann::json::parse(outcome.out);
  const std::vector<StateClass> classes = classes_of(json);
  std::map<std::string, int> numbers;
  for (std::size_t i = 0; i < classes.size(); ++i) numbers[classes[i].name] = static_cast<int>(i);

  std::vector<Labels> before = all_held(change.old_layout, classes);
  for (const int rank : change.lost) before[static_cast<std::size_t>(rank)].clear();
  const std::vector<Labels> needed = all_held(change.new_layout, classes);
  std::vector<Labels> after(needed.size());
  for (const nlohmann::json& receiver : json["receivers"]) {
    if (receiver["old_rank"].is_null()) continue;
    const std::size_t rank = receiver["rank"];
    for (const Label& label : before[receiver["old_rank"].get<std::size_t>()]) {
      if (needed[rank].count(label) > 0) after[rank].insert(label);
    }
  }
  std::int64_t sent = 0;
  for (const nlohmann::json& move : json["moves"]) {
    const int state = numbers.at(move["class"]);
    const StateBlock block{.layers = range_of(move, "layers"),
                           .experts = range_of(move, "experts"),
                           .interval = range_of(move, "interval")};
    const std::int64_t bytes = block.size() * classes[static_cast<std::size_t>(state)].step_bytes();
    CHECK(move["bytes"] == bytes);
    for (const Label& label : labels_of(state, block)) {
      if (!move["from"].is_null()) REQUIRE(before[move["from"].get<std::size_t>()].count(label) == 1);
      REQUIRE(after[move["to"].get<std::size_t>()].insert(label).second);
    }
    if (!move["from"].is_null()) sent += bytes;
  }
  CHECK(after == needed);
  CHECK(sent > 0);
  CHECK(json["totals"]["moved_bytes"] == sent);
}

ParallelConfig megatron(std::int64_t world, std::int64_t tensor, std::int64_t pipeline, std::int64_t expert,
                        std::int64_t expert_tensor) {
  return {.world_size = world,
          .tensor = tensor,
          .pipeline = pipeline,
          .convention = Convention::megatron_core,
          .expert = expert,
          .expert_tensor = expert_tensor};
}

}  // namespace

TEST_CASE("the moves of the JSON make the new layout") {
  const std::string sizes =
      "--layers 4 --hidden 4 --heads 4 --kv-heads 2 --vocab 10 --ffn 8 "
      "--make-vocab-size-divisible-by 2 ";
  // Whether the optimizer is distributed follows from each layout,
  carry_out({.from = "world=8 tp=2 pp=2 distributed-optimizer",
             .to = "world=8 tp=4",
             .old_layout = {{.world_size = 8, .tensor = 2, .pipeline = 2}, "Ett|ttL", true},
             .new_layout = {{.world_size = 8, .tensor = 4}, "EttttL", false},
             .options = sizes});
  // or from an option, or from the file of survivors.
  carry_out({.from = "world=8 tp=2 pp=2",
             .to = "world=12 tp=2 pp=2",
             .old_layout = {{.world_size = 8, .tensor = 2, .pipeline = 2}, "Ettt|tL"},
             .new_layout = {{.world_size = 12, .tensor = 2, .pipeline = 2}, "Ett|ttL"},
             .options = sizes +
                        "--from-pipeline-layout 'Ettt|tL' --lost-ranks 1,4-5 --cluster 'node:3 gpu:4' "
                        "--optimizer distributed",
             .lost = {1, 4, 5}});
  carry_out({.from = "world=8 convention=megatron-core tp=2 ep=4 etp=1",
             .to = "world=8 convention=megatron-core tp=2 pp=2 ep=2 etp=2",
             .old_layout = {megatron(8, 2, 1, 4, 1), "EttttL"},
             .new_layout = {megatron(8, 2, 2, 2, 2), "Ett|ttL"},
             .options = sizes + "--experts 4 --expert-ffn 2 --optimizer distributed"});
  carry_out(
      {.from = "world=8 tp=2",
       .to = "world=8 tp=2",
       .old_layout = {{.world_size = 8, .tensor = 2}, "EttttL", false},
       .new_layout = {{.world_size = 8, .tensor = 2}, "EttttL", false},
       .options = sizes + "--optimizer replicated --survivors " RANKMESH_GOLDEN "/../layouts/survivors.json",
       .lost = {3}});
  carry_out({.from = "world=8 tp=2",
             .to = "world=8 tp=2",
             .old_layout = {{.world_size = 8, .tensor = 2}, "EttttL", true},
             .new_layout = {{.world_size = 8, .tensor = 2}, "EttttL", true},
             .options = sizes + "--survivors " RANKMESH_GOLDEN "/../layouts/survivors.json",
             .lost = {3}});
}

TEST_CASE("reshard takes the answer of survive, and joining processes are where the spares are") {
  const TemporaryFolder folder;
  const std::string placement = folder.write("slots", "2 3 4 5 6 7 8 9\n");
  const std::string where = " --cluster 'rack:3 node:2 gpu:2' --placement " + placement;
  // Ranks are on the nodes 1 .. 4. Of four spares, two are lost with node 0; the others are on node 5, in the
  // rack of ranks 6 and 7.
  const Outcome survived = run_words(quoted(
      "survive 'world=8 tp=2' --lost-nodes 0,2 --spares 4 --optimizer distributed --format json" + where));
  REQUIRE(survived.status == cli::success);
  const nlohmann::json answer = nlohmann::json::parse(survived.out);
  CHECK(answer["spares_used"] == nlohmann::json({2, 3}));
  CHECK(answer["distributed_optimizer"] == true);
  const Outcome outcome = run_words(
      quoted("reshard 'world=8 tp=2' 'world=8 tp=2' --layers 4 --hidden 8 --format json --survivors " +
             folder.write("answer.json", survived.out) + where));
  INFO(outcome.err);
  REQUIRE(outcome.status == cli::success);
  const nlohmann::json json = nlohmann::json::parse(outcome.out);
  CHECK(json["from"]["distributed_optimizer"] == true);
  int weights = 0;
  for (const nlohmann::json& move : json["moves"]) {
    const bool is_optimizer = move["class"].get<std::string>().ends_with("optimizer");
    if (is_optimizer) {
      CHECK(move["from"].is_null());
    } else {
      CHECK(move["from"] >= 6);
      ++weights;
    }
  }
  CHECK(weights > 0);
}
