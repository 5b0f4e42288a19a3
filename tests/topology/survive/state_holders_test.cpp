#include "rankmesh/topology/state_holders.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/rank_list.hpp"
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
