// Queries allocate nothing.

#include <vector>

#include "rankmesh/topology/topology.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"

using rankmesh::GroupKind;
using rankmesh::Place;
using rankmesh::RankList;
using rankmesh::Topology;
using rankmesh::tests::allocation_count;

namespace {

/// Prevents the compiler from removing the computation of an answer.
volatile long sink = 0;

template <typename Questions>
long allocations_of(const Questions& questions) {
  const long before = allocation_count();
  questions();
  return allocation_count() - before;
}

void ask_about(const Topology& topology, int rank) {
  long answers = 0;
  for (const rankmesh::KindFamily& each : topology.kinds()) {
    const rankmesh::GroupKind kind = each.kind;
    const rankmesh::GroupFamily& family = each.family;
    answers += topology.find(kind) != nullptr;
    const auto place = family.locate(rank);
    if (!place) continue;
    const RankList ranks = topology.group_of(kind, rank);
    answers += family.rank_at(*place) + family.group(place->group).size() + ranks.size();
    answers += ranks[ranks.size() - 1] + ranks.at(0) + ranks.front() + ranks.back() + ranks.contains(rank) +
               ranks.contains(rank + 1) + ranks.position_of(rank).value_or(0);
    answers += *ranks.begin() + (ranks == family.group(place->group));
    answers += family.group_count() + family.group_size() + family.covers_world() + (family == family) +
               family.same_groups(family);
  }
  const auto& pipeline = topology.pipeline();
  const int stage = pipeline.stage_of(rank);
  answers += pipeline.next_rank(rank) + pipeline.previous_rank(rank) + pipeline.is_first_stage(rank) +
             pipeline.is_last_stage(rank, 0) + pipeline.is_before_split(stage) +
             pipeline.is_after_split(stage) + pipeline.is_at_split(stage);
  answers += pipeline.layers({.layers = 64, .stage = stage, .virtual_stage = 1}).first;
  answers += topology.mesh().coordinate(rank, "dp") + topology.mesh().stride("pp");
  // Kinds by their short names, and a name that is an alias.
  for (const char* name : {"tp", "embd", "tp_ep_gtp_remat_pp", "expert_remat_data", "intra_ep_dp"}) {
    const auto* family = topology.find(rankmesh::GroupKind(name));
    answers += family == nullptr ? 0 : family->group_size();
  }
  sink = sink + answers;
}

}  // namespace

TEST_CASE("the counter counts", "[allocations]") {
  CHECK(allocations_of([] { sink = sink + static_cast<long>(std::vector<int>(100).size()); }) > 0);
}

TEST_CASE("no question about a rank or a group allocates", "[allocations]") {
  const Topology topology(
      {.world_size = 4096, .tensor = 8, .pipeline = 16, .virtual_pipeline = 2, .split_rank = 5, .fp8 = true});
  const long count = allocations_of([&] {
    for (int rank = 0; rank < topology.world_size(); ++rank) ask_about(topology, rank);
  });
  CHECK(count == 0);
}

TEST_CASE("nor does one about any kind of Megatron-Core", "[allocations]") {
  const Topology split({.world_size = 4096,
                        .tensor = 4,
                        .pipeline = 4,
                        .virtual_pipeline = 2,
                        .convention = rankmesh::Convention::megatron_core,
                        .context = 4,
                        .expert = 8,
                        .expert_tensor = 2,
                        .optimizer_instances = 2,
                        .hierarchical_context = {2, 2},
                        .hybrid_context = true});
  const Topology remat({.world_size = 4096,
                        .tensor = 4,
                        .pipeline = 4,
                        .virtual_pipeline = 2,
                        .convention = rankmesh::Convention::megatron_core,
                        .expert = 8,
                        .weight_remat = 2,
                        .expert_weight_remat = 2});
  const long count = allocations_of([&] {
    for (int rank = 0; rank < split.world_size(); ++rank) {
      ask_about(split, rank);
      ask_about(remat, rank);
    }
  });
  CHECK(count == 0);
}

TEST_CASE("making a topology allocates no more in a larger world", "[allocations]") {
  const auto make = [](std::int64_t world) {
    return allocations_of([=] {
      const Topology topology({.world_size = world, .tensor = 8, .pipeline = 16, .fp8 = true});
      sink = sink + topology.world_size();
    });
  };
  CHECK(make(1024) == make(std::int64_t{1} << 30));
}
