#include "rankmesh/topology/state_holders.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/rank_list.hpp"
#include "rankmesh/topology/state.hpp"
#include "support/catch.hpp"
#include "topology/survive/oracle.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;

namespace {

/// The ranks by what they hold.
std::set<std::set<int>> sets_of(const std::vector<std::string>& keys) {
  std::map<std::string, std::set<int>> sets;
  for (std::size_t rank = 0; rank < keys.size(); ++rank) sets[keys[rank]].insert(static_cast<int>(rank));
  std::set<std::set<int>> result;
  for (const auto& [key, ranks] : sets) result.insert(ranks);
  return result;
}

std::set<std::set<int>> sets_of(const GroupFamily& family) {
  std::set<std::set<int>> result;
  for (int group = 0; group < family.group_count(); ++group) {
    const RankList ranks = family.group(group);
    result.insert(std::set<int>(ranks.begin(), ranks.end()));
  }
  return result;
}

/// One class of each kind, with parts that differ for all ranks that hold different ones.
std::vector<StateClass> one_class_of_each() {
  const StateClass weights{.name = "dense", .is_split = true, .units = 48, .unit_elements = 60};
  StateClass optimizer = weights;
  optimizer.name = "dense optimizer";
  optimizer.is_sharded = true;
  std::vector<StateClass> classes{weights, optimizer};
  for (StateClass row : {weights, optimizer}) {
    row.name = "expert " + row.name;
    row.experts = 12;
    classes.push_back(row);
  }
  return classes;
}

/// The text of a rank's blocks of a class.
std::string blocks_text(const std::vector<StateBlock>& blocks) {
  std::string text;
  for (const StateBlock& block : blocks) {
    for (const IndexRange& range : {block.layers, block.experts, block.interval})
      text += std::to_string(range.first) + "+" + std::to_string(range.count) + " ";
  }
  return text;
}

/// Compares which ranks hold the same by the families of `state_holders` with what `held_state` says that
/// each rank holds.
void compare_with_what_is_held(const Topology& topology, const StateOptions& options) {
  const int stages = topology.mesh().find("pp") ? topology.mesh().size("pp") : 1;
  const StateLayout layout{topology, PipelineLayout({.layers = 2 * stages}, {.stages = stages}), options};
  const std::vector<StateClass> classes = one_class_of_each();
  std::vector<std::vector<std::string>> held(classes.size());
  for (int rank = 0; rank < topology.world_size(); ++rank) {
    const auto blocks = held_state(layout, classes, rank);
    for (std::size_t state = 0; state < classes.size(); ++state) {
      held[state].push_back(blocks_text(blocks[state]));
      CAPTURE(rank, classes[state].name);
      REQUIRE_FALSE(blocks[state].empty());
    }
  }
  const StateHolders holders = state_holders(topology, options);
  CHECK(sets_of(held[0]) == sets_of(holders.dense));
  CHECK(sets_of(held[1]) == sets_of(holders.dense_optimizer));
  CHECK(sets_of(held[2]) == sets_of(holders.expert ? *holders.expert : holders.dense));
  CHECK(sets_of(held[3]) ==
        sets_of(holders.expert_optimizer ? *holders.expert_optimizer : holders.dense_optimizer));
}

/// Megatron-Core's layouts of up to 48 ranks with several sizes, in all orders of the axes in turn.
std::vector<ParallelConfig> megatron_layouts() {
  std::string order[] = {"cp", "dp", "ep", "pp", "tp"};
  std::vector<ParallelConfig> layouts;
  for (const std::int64_t world : {8, 12, 16, 24, 48}) {
    for (const std::int64_t tensor : {1, 2, 3}) {
      for (const std::int64_t pipeline : {1, 2}) {
        for (const std::int64_t expert : {1, 2, 3, 4}) {
          for (const std::int64_t expert_tensor : {1, 2}) {
            for (const std::int64_t instances : {1, 2}) {
              std::next_permutation(std::begin(order), std::end(order));
              ParallelConfig config{.world_size = world,
                                    .tensor = tensor,
                                    .pipeline = pipeline,
                                    .convention = Convention::megatron_core,
                                    .context = 1 + static_cast<std::int64_t>(layouts.size() % 2),
                                    .expert = expert,
                                    .expert_tensor = expert_tensor,
                                    .order = joined(order, "-"),
                                    .optimizer_instances = instances};
              if (check(config).empty()) layouts.push_back(config);
            }
          }
        }
      }
    }
  }
  return layouts;
}

}  // namespace

TEST_CASE("ranks with the same state") {
  int with_experts = 0;
  for (const char* text :
       {"world=12 tp=2 pp=2", "world=9 sp=3", "world=8 tp=2 distributed-optimizer",
        "world=16 convention=megatron-core tp=2 cp=2", "world=16 convention=megatron-core tp=2 ep=4 etp=1",
        "world=24 convention=megatron-core tp=2 pp=2 ep=3 order=tp-dp-cp-ep-pp",
        "world=32 convention=megatron-core tp=2 cp=2 ep=2 optimizer-instances=2",
        "world=32 convention=megatron-core cp=2 ep=4 optimizer-instances=4 order=dp-tp-cp-ep-pp",
        "world=8 convention=mesh axes=tp=2,dp_shard=2,dp_replicate=2 groups=tp",
        "world=12 convention=mesh axes=tp=2,dp=3,pp=2/etp=1,ep=2,edp=3,pp=2 groups=tp"}) {
    CAPTURE(text);
    const Topology topology(parse_config(text));
    const ParallelConfig& config = topology.config();
    for (const bool is_distributed : {false, true}) {
      const StateHolders holders = state_holders(topology, {.distributed_optimizer = is_distributed});
      CHECK(holders.distributed_optimizer == is_distributed);
      for (const bool for_experts : {false, true}) {
        if (for_experts && !oracle_has_experts(config)) continue;
        std::vector<std::string> weights;
        for (int rank = 0; rank < config.world_size; ++rank)
          weights.push_back(weights_key(config, for_experts, rank));
        if (for_experts && !holders.expert) {
          CHECK(sets_of(weights) == sets_of(holders.dense));
          continue;
        }
        with_experts += for_experts ? 1 : 0;
        CHECK(sets_of(for_experts ? *holders.expert : holders.dense) == sets_of(weights));
        CHECK(sets_of(for_experts ? *holders.expert_optimizer : holders.dense_optimizer) ==
              sets_of(is_distributed ? optimizer_keys(config, weights) : weights));
      }
    }
  }
  CHECK(with_experts >= 8);
}

TEST_CASE("whether the optimizer is distributed follows from the layout") {
  const auto is_distributed = [](const char* text) {
    return state_holders(Topology(parse_config(text))).distributed_optimizer;
  };
  CHECK_FALSE(is_distributed("world=8 tp=2"));
  CHECK(is_distributed("world=8 tp=2 distributed-optimizer"));
  CHECK_FALSE(is_distributed("world=8 convention=megatron-core tp=2"));
  CHECK(is_distributed("world=8 convention=megatron-core tp=2 optimizer-instances=2"));
}

TEST_CASE("axes along which weights are repeated, by name and as told") {
  const Topology topology(parse_config("world=16 convention=mesh axes=tp=2,x=2,cp=2,dp_shard=2 groups=tp"));
  const StateHolders told = state_holders(topology, {.copy_axes = {"x"}});
  CHECK(told.dense.group(0).to_vector() == std::vector{0, 2});
  const Topology known(parse_config("world=8 convention=mesh axes=tp=2,cp=2,dp=2 groups=tp"));
  const StateHolders of_known = state_holders(known);
  CHECK(of_known.dense.group(0).to_vector() == std::vector{0, 2, 4, 6});
  // Beside dp_shard, cp divides too.
  const Topology sharded(parse_config("world=8 convention=mesh axes=cp=2,dp_shard=2,dp=2 groups=cp"));
  const StateHolders of_sharded = state_holders(sharded);
  CHECK(of_sharded.dense.group(0).to_vector() == std::vector{0, 4});
}

TEST_CASE("ranks that hold the same by their groups are those that are given the same parts") {
  int with_experts_of_their_own = 0;
  int with_instances = 0;
  std::vector<ParallelConfig> layouts = megatron_layouts();
  for (const char* text :
       {"world=12 tp=2 pp=2", "world=8 tp=2 distributed-optimizer", "world=9 sp=3",
        "world=16 convention=extended tp=2 sp=2 pp=2", "world=8 tp=2 fp8",
        "world=12 convention=mesh axes=tp=2,dp=3,pp=2 groups=tp",
        "world=16 convention=mesh axes=pp=2,dp_replicate=2,cp=2,tp=2 groups=tp",
        "world=12 convention=mesh axes=ep=3,tp=2,dp=2 groups=tp",
        "world=12 convention=mesh axes=tp=2,dp=3,pp=2/etp=1,ep=2,edp=3,pp=2 groups=tp",
        "world=16 convention=mesh axes=tp=2,cp=2,dp=2,pp=2/edp=2,etp=2,pp=2,ep=2 groups=tp",
        "world=8 convention=mesh axes=tp=2,dp=4/ep=4,tp=2 groups=tp"})
    layouts.push_back(parse_config(text));
  for (const ParallelConfig& config : layouts) {
    CAPTURE(to_string(config));
    const Topology topology(config);
    for (const bool is_distributed : {false, true}) {
      CAPTURE(is_distributed);
      const StateOptions options{.distributed_optimizer = is_distributed};
      compare_with_what_is_held(topology, options);
      with_experts_of_their_own += state_holders(topology, options).expert ? 1 : 0;
      with_instances += config.optimizer_instances > 1 ? 1 : 0;
    }
    compare_with_what_is_held(topology, {});
  }
  CHECK(layouts.size() > 200);
  CHECK(with_experts_of_their_own > 100);
  CHECK(with_instances > 100);
  const Topology named(parse_config("world=24 convention=mesh axes=tp=2,x=3,dp=2,pp=2 groups=tp"));
  compare_with_what_is_held(named, {.distributed_optimizer = true, .copy_axes = {"x", "dp"}});
}

TEST_CASE("the groups of the conventions hold the same weights") {
  for (const ParallelConfig& config : megatron_layouts()) {
    CAPTURE(to_string(config));
    const Topology topology(config);
    const StateHolders holders = state_holders(topology, {.distributed_optimizer = true});
    CHECK(holders.dense == topology.family("data_context"));
    CHECK((holders.expert ? *holders.expert : holders.dense).same_groups(topology.family("expert_data")));
    CHECK(holders.dense_optimizer.group_size() == config.optimizer_instances);
  }
  for (const char* text : {"world=12 tp=2 pp=2", "world=8 sp=2", "world=12 convention=extended tp=2 sp=3"}) {
    const Topology topology(parse_config(text));
    CHECK(state_holders(topology).dense == topology.family(GroupKind::sequence_data));
  }
}

TEST_CASE("a mesh has one axis for each part of the weights") {
  const auto problems = [](const char* text, const StateOptions& options) -> std::string {
    try {
      static_cast<void>(state_holders(Topology(parse_config(text)), options));
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  };
  // Of tp and etp on the mesh of the experts, one divides their tensors; along the other, nothing repeats.
  const Topology both(
      parse_config("world=16 convention=mesh axes=tp=2,dp=8/tp=2,etp=2,ep=2,edp=2 groups=dp"));
  CHECK(state_holders(both).expert->group_size() == 2);
  CHECK_THAT(problems("world=8 convention=mesh axes=x=2,y=2,dp=2 groups=x", {}),
             ContainsSubstring("axis = x does not say") && ContainsSubstring("axis = y does not say"));
  CHECK_THAT(problems("world=8 convention=mesh axes=tp=2,dp=4 groups=tp", {.copy_axes = {"dp", "z", "q"}}),
             ContainsSubstring("copy_axes = z is no axis of this layout") &&
                 ContainsSubstring("copy_axes = q is no axis of this layout"));
  CHECK_THAT(problems("world=8 convention=megatron-core tp=2", {.copy_axes = {"dp"}}),
             ContainsSubstring("copy_axes = dp is for meshes of one's own; leave it out"));
}
