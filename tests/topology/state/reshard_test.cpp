#include "rankmesh/topology/reshard.hpp"

#include <algorithm>
#include <string>

#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;

namespace {

StateLayout layout(const ParallelConfig& config, std::int64_t layers = 4) {
  return {Topology(config), PipelineLayout({.layers = layers}, {.stages = config.pipeline})};
}

StateClass mlp() {
  return {.name = "mlp", .is_split = true, .units = 8, .unit_elements = 10, .element_bytes = 2};
}

std::string text_of(const StateMove& move) {
  const auto range = [](const IndexRange& r) {
    return std::to_string(r.first) + "-" + std::to_string(r.end());
  };
  return (move.from ? std::to_string(*move.from) : "checkpoint") + ">" + std::to_string(move.to) + " " +
         range(move.block.layers) + " " + range(move.block.experts) + " " + range(move.block.interval);
}

std::vector<std::string> texts_of(const Resharding& result) {
  std::vector<std::string> texts;
  for (const StateMove& move : result.moves) texts.push_back(text_of(move));
  return texts;
}

using Texts = std::vector<std::string>;

std::string message_of(const StateLayout& from, const StateLayout& to, const std::vector<StateClass>& classes,
                       const ReshardOptions& options = {}) {
  try {
    static_cast<void>(reshard(from, to, classes, options));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a tensor parallel size that doubles halves the intervals") {
  // Ranks 0 and 1 have all layers, 4 units each; then ranks 0 .. 3 have 2 units each.
  const Resharding result = reshard(layout({.world_size = 2, .tensor = 2}),
                                    layout({.world_size = 4, .tensor = 4}), std::vector{mlp()});
  CHECK(texts_of(result) == Texts{"0>1 0-4 0-1 2-4", "1>2 0-4 0-1 4-6", "1>3 0-4 0-1 6-8"});
  CHECK(result.total.moved == 3 * 4 * 2 * 20);
  CHECK(result.total.kept == 1 * 4 * 2 * 20);
  CHECK(result.sent == std::vector<std::int64_t>{160, 320});
}

TEST_CASE("stages that become fewer fetch the layers of others") {
  const Resharding result = reshard(layout({.world_size = 4, .pipeline = 4}),
                                    layout({.world_size = 4, .pipeline = 2}), std::vector{mlp()});
  // Old rank r has layer r; new ranks 0 and 1 have layers 0, 1, and ranks 2 and 3 layers 2, 3.
  CHECK(texts_of(result) ==
        Texts{"1>0 1-2 0-1 0-8", "0>1 0-1 0-1 0-8", "3>2 3-4 0-1 0-8", "2>3 2-3 0-1 0-8"});
}

TEST_CASE("experts move with the expert groups") {
  const auto config = [](std::int64_t expert) {
    return ParallelConfig{.world_size = 4, .convention = Convention::megatron_core, .expert = expert};
  };
  StateClass experts = mlp();
  experts.experts = 8;
  const Resharding result = reshard(layout(config(4)), layout(config(2)), std::vector{experts});
  // Old rank r has the experts 2r and 2r + 1; new ranks 0 and 2 have the experts 0 .. 3.
  CHECK(texts_of(result) == Texts{"1>0 0-4 2-4 0-8", "2>1 0-4 4-6 0-8", "3>1 0-4 6-8 0-8", "0>2 0-4 0-2 0-8",
                                  "1>2 0-4 2-4 0-8", "2>3 0-4 4-6 0-8"});
}

TEST_CASE("the distributed optimizer is divided over ranks with the same weights") {
  StateClass state = mlp();
  state.is_sharded = true;
  StateLayout from = layout({.world_size = 4, .distributed_optimizer = true}, 2);
  // 160 elements: half a layer for each rank.
  CHECK(held_state(from, std::vector{state}, 1) ==
        std::vector<std::vector<StateBlock>>{{{.layers = {0, 1}, .experts = {0, 1}, .interval = {40, 40}}}});
  const StateLayout two = layout({.world_size = 2, .distributed_optimizer = true}, 2);
  const Resharding result = reshard(from, two, std::vector{state});
  CHECK(texts_of(result) == Texts{"1>0 0-1 0-1 40-80", "2>1 1-2 0-1 0-40", "3>1 1-2 0-1 40-80"});
  // Options override the layout, in both directions.
  const std::vector<StateBlock> all{{.layers = {0, 2}, .experts = {0, 1}, .interval = {0, 80}}};
  StateLayout replicated = from;
  replicated.state.distributed_optimizer = false;
  CHECK(held_state(replicated, std::vector{state}, 3)[0] == all);
  StateLayout plain = layout({.world_size = 4}, 2);
  CHECK(held_state(plain, std::vector{state}, 3)[0] == all);
  plain.state.distributed_optimizer = true;
  CHECK(held_state(plain, std::vector{state}, 1) == held_state(from, std::vector{state}, 1));
}

TEST_CASE("the nearest holder sends, and what nobody holds comes from a checkpoint") {
  // Each rank has a whole copy; ranks 0 .. 3 on node 0, 4 .. 7 on node 1.
  const StateLayout from = layout({.world_size = 8});
  ReshardOptions options{.lost = {5, 3}};
  options.places = ProcessPlaces{parse_cluster("node:2 gpu:4"), Placement::identity(8)};
  const Resharding result = reshard(from, from, std::vector{mlp()}, options);
  CHECK(texts_of(result) == Texts{"0>3 0-4 0-1 0-8", "4>5 0-4 0-1 0-8"});
  CHECK(result.of_level == std::vector<std::int64_t>{0, 2 * 640});

  // Two ranks of four hold a half each.
  const StateLayout halves = layout({.world_size = 2, .tensor = 2});
  const Resharding partly = reshard(halves, halves, std::vector{mlp()}, {.lost = {1}});
  CHECK(texts_of(partly) == Texts{"checkpoint>1 0-4 0-1 4-8"});
  CHECK(partly.total == StateBytes{.kept = 320, .from_checkpoint = 320});
}

TEST_CASE("processes keep what they hold when ranks are renumbered") {
  const StateLayout halves = layout({.world_size = 4, .tensor = 2});
  const std::vector classes{mlp()};
  CHECK(reshard(halves, halves, classes, {.old_rank_of_rank = {2, 1, 0, 3}}).moves.empty());
  CHECK(texts_of(reshard(halves, halves, classes, {.old_rank_of_rank = {1, 0, 2, 3}})) ==
        Texts{"0>0 0-4 0-1 0-4", "1>1 0-4 0-1 4-8"});
  // Process 4 joins in the place of rank 1.
  CHECK(texts_of(reshard(halves, halves, classes, {.old_rank_of_rank = {0, 4, 2, 3}, .lost = {1}})) ==
        Texts{"3>1 0-4 0-1 4-8"});
}

TEST_CASE("axes of a mesh have their usual meaning") {
  const auto mesh = [](std::vector<Axis> axes) {
    return Topology({.world_size = 8,
                     .convention = Convention::mesh,
                     .meshes = {std::move(axes)},
                     .kinds = {{"tensor", {.varying = {"tp"}}}}});
  };
  const StateLayout from{mesh({{"tp", 2}, {"dp", 2}, {"pp", 2}}),
                         PipelineLayout({.layers = 4}, {.stages = 2})};
  CHECK(held_state(from, std::vector{mlp()}, 5)[0] ==
        std::vector<StateBlock>{{.layers = {2, 2}, .experts = {0, 1}, .interval = {4, 4}}});
  const StateLayout equal = layout({.world_size = 8, .tensor = 2, .pipeline = 2});
  CHECK(reshard(from, equal, std::vector{mlp()}).moves.empty());
  const StateLayout unknown{mesh({{"tp", 2}, {"dp_shard", 4}}), PipelineLayout({.layers = 4}, {.stages = 1})};
  CHECK(
      check_state(unknown, std::vector{mlp()})[0].text() ==
      "axis = dp_shard divides weights in a way that is not known here; axes that divide them in a known way "
      "are tp, pp, and of experts ep and etp");
  // An axis without a meaning of its own, until the options say that it repeats weights.
  StateLayout named{mesh({{"tp", 2}, {"x", 4}}), PipelineLayout({.layers = 4}, {.stages = 1})};
  CHECK_THAT(check_state(named, std::vector{mlp()})[0].text(),
             ContainsSubstring("axis = x does not say whether its ranks hold the same weights"));
  named.state.copy_axes = {"x"};
  CHECK(held_state(named, std::vector{mlp()}, 7)[0] ==
        std::vector<StateBlock>{{.layers = {0, 4}, .experts = {0, 1}, .interval = {4, 4}}});
}

TEST_CASE("dense layers and experts are on the same stages") {
  const auto problems = [](std::vector<Axis> dense, std::vector<Axis> experts) {
    const Topology topology({.world_size = 8,
                             .convention = Convention::mesh,
                             .meshes = {std::move(dense), std::move(experts)},
                             .kinds = {{"all", {.varying = {"dp"}}}}});
    const StateLayout layout{topology, PipelineLayout({.layers = 4}, {.stages = 1})};
    return check_state(layout, std::vector{mlp()});
  };
  CHECK(problems({{"tp", 2}, {"dp", 4}}, {{"ep", 4}, {"edp", 2}}).empty());
  const auto found = problems({{"tp", 2}, {"dp", 4}}, {{"ep", 4}, {"pp", 2}});
  REQUIRE(found.size() == 1);
  CHECK(found[0].text() == "pipeline = 2 differs from the 1 stage that the layers are divided over");
}

TEST_CASE("everything that is wrong is reported") {
  const StateLayout from = layout({.world_size = 4, .tensor = 4});
  const StateLayout to = layout({.world_size = 6, .tensor = 3}, 6);
  StateClass bad = mlp();
  bad.name = "bad";
  bad.units = 0;
  bad.layers = {{3, 9}, {2, 1}};
  const std::string message =
      message_of(from, to, {mlp(), mlp(), bad},
                 {.old_rank_of_rank = {0, 0, -1},
                  .lost = {7},
                  .places = ProcessPlaces{parse_cluster("node:1 gpu:4"), Placement::identity(4)}});
  for (const char* part :
       {"from class = mlp is there more than once", "from bad units = 0 is below 1",
        "from bad layers = 3 .. 11 are not all of the 4 layers",
        "from bad layers = 2 .. 2 are no ascending range behind the ranges before",
        "to mlp units = 8 is no multiple of tensor = 3 and does not divide it",
        "to layers = 6 differs from the 4 layers of the old layout",
        "old_rank_of_rank = 3 entries are not one for each of the 6 ranks of the new layout",
        "old_rank_of_rank = 0 is there more than once", "old_rank_of_rank = -1 is below 0",
        "lost = 7 is no rank of the old layout, which has 4 ranks",
        "placement = 4 ranks are fewer than the 6 processes"}) {
    CHECK_THAT(message, ContainsSubstring(part));
  }
  StateClass huge = mlp();
  huge.unit_elements = std::int64_t{1} << 60;
  CHECK_THAT(message_of(from, from, {huge}), ContainsSubstring("more bytes on all ranks together"));
  StateClass experts = mlp();
  experts.experts = 3;
  const StateLayout two = layout({.world_size = 4, .convention = Convention::megatron_core, .expert = 2});
  CHECK_THAT(message_of(two, two, {experts}),
             ContainsSubstring("from mlp experts = 3 is no multiple of expert = 2"));
  const StateLayout other{from.topology, PipelineLayout({.layers = 4}, {.stages = 2})};
  CHECK_THAT(
      message_of(other, from, {}),
      ContainsSubstring("from pipeline = 1 differs from the 2 stages that the layers are divided over"));
  const StateLayout split = layout({.world_size = 4, .pipeline = 4, .split_rank = 2});
  CHECK_THAT(message_of(split, from, {}), ContainsSubstring("from split_rank = 2 divides layers"));
  const StateLayout remat =
      layout({.world_size = 4, .convention = Convention::megatron_core, .weight_remat = 2});
  CHECK_THAT(message_of(remat, from, {}), ContainsSubstring("from weight_remat = 2 divides weights"));
  CHECK_THROWS_AS(held_state(from, std::vector{mlp()}, 4), RangeError);
}
