// Worlds near 2^31 - 1 ranks, in which 32-bit formulas would overflow.

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "rankmesh/topology/topology.hpp"
#include "support/catch.hpp"

using rankmesh::GroupFamily;
using rankmesh::GroupKind;
using rankmesh::ParallelConfig;
using rankmesh::Place;
using rankmesh::RankList;
using rankmesh::Topology;

namespace {

constexpr std::int64_t largest = 2147483647;

std::vector<std::int64_t> some_ranks(std::int64_t world) {
  std::vector<std::int64_t> ranks;
  for (const std::int64_t rank :
       {std::int64_t{0}, std::int64_t{1}, std::int64_t{2}, world / 3, world / 2 - 1, world / 2, world - 3,
        world - 2, world - 1, std::int64_t{46340}, std::int64_t{46341}, std::int64_t{65536}}) {
    if (rank >= 0 && rank < world) ranks.push_back(rank);
  }
  return ranks;
}

/// A group of the ranks first, first + stride, ... from the definition of a kind, in 64 bits.
struct Expected {
  std::int64_t group;
  std::int64_t position;
  std::int64_t first;
  std::int64_t stride;
  std::int64_t size;
};

void check_group(const Topology& topology, GroupKind kind, std::int64_t rank64, const Expected& expected) {
  INFO(kind.name() << " of rank " << rank64);
  const int rank = static_cast<int>(rank64);
  const GroupFamily& family = topology.family(kind);
  const std::optional<Place> place = family.locate(rank);
  REQUIRE(place.has_value());
  CHECK(place->group == expected.group);
  CHECK(place->position == expected.position);
  CHECK(family.rank_at(*place) == rank);

  const RankList ranks = family.group(place->group);
  CHECK(ranks.size() == expected.size);
  CHECK(ranks.position_of(rank) == place->position);
  CHECK(ranks.front() == expected.first);
  CHECK(ranks.back() == expected.first + (expected.size - 1) * expected.stride);
  const std::int64_t middle = expected.size / 2;
  CHECK(ranks[static_cast<int>(middle)] == expected.first + middle * expected.stride);
}

void check_world(const ParallelConfig& config) {
  const Topology topology(config);
  const std::int64_t w = config.world_size;
  const std::int64_t t = config.tensor;
  const std::int64_t p = config.pipeline;
  const std::int64_t s = config.sequence;
  const std::int64_t d = w / (t * p * s);
  const std::int64_t stage_size = w / p;
  const std::int64_t step = s > 1 ? s : t;
  REQUIRE(topology.world_size() == w);
  for (const std::int64_t r : some_ranks(w)) {
    const std::int64_t in_stage = r % stage_size;
    const std::int64_t stage = r / stage_size;
    check_group(topology, GroupKind::tensor, r, {r / t, r % t, r - r % t, 1, t});
    check_group(topology, GroupKind::sequence, r, {r / s, r % s, r - r % s, 1, s});
    check_group(topology, GroupKind::pipeline, r, {in_stage, stage, in_stage, stage_size, p});
    check_group(topology, GroupKind::data, r,
                {stage * step + r % step, in_stage / step, stage * stage_size + r % step, step, d});
    if (s > 1) {
      check_group(topology, GroupKind::sequence_data, r, {r / (s * d), r % (s * d), 0, 1, s * d});
    }
    if (config.fp8) {
      check_group(topology, GroupKind::amax, r, {r / (t * d), r % (t * d), r - r % (t * d), 1, t * d});
    }
    const auto embedding = topology.family(GroupKind::embedding).locate(static_cast<int>(r));
    CHECK(embedding.has_value() == (stage == 0 || stage == p - 1 || stage == config.split_rank));
    CHECK(topology.pipeline().stage_of(static_cast<int>(r)) == stage);
    CHECK(topology.pipeline().next_rank(static_cast<int>(r)) == (stage + 1) % p * stage_size + in_stage);
    CHECK(topology.pipeline().previous_rank(static_cast<int>(r)) ==
          (stage + p - 1) % p * stage_size + in_stage);
    CHECK(topology.mesh().rank_at(topology.mesh().coordinates(static_cast<int>(r))) == r);
  }
  for (const auto& kind : topology.kinds()) {
    CHECK_FALSE(kind.family.locate(-1).has_value());
    if (w < largest) CHECK_FALSE(kind.family.locate(static_cast<int>(w)).has_value());
    CHECK_FALSE(kind.family.locate(-2147483647 - 1).has_value());
    if (kind.family.covers_world()) CHECK(kind.family.member_count() == w);
  }
}

/// Every kind of a world that is too large for lists: places and ranks are inverse maps, the first and last
/// members of a group differ only in the axes that vary, and no rank outside the layout is in a group.
void check_places(const rankmesh::ParallelConfig& config) {
  const Topology topology(config);
  const std::int64_t first = topology.first_rank();
  const std::int64_t end = first + topology.layout_size();
  for (const auto& kind : topology.kinds()) {
    INFO(kind.kind.name());
    const rankmesh::Mesh& mesh = topology.meshes()[kind.mesh];
    for (const std::int64_t in_layout : some_ranks(topology.layout_size())) {
      const int rank = static_cast<int>(first + in_layout);
      const auto place = kind.family.locate(rank);
      CHECK((place.has_value() || kind.derivation == rankmesh::Derivation::picked));
      if (!place) continue;
      CHECK(kind.family.rank_at(*place) == rank);
      const auto ranks = topology.group_of(kind.kind, rank);
      CHECK(ranks[place->position] == rank);
      if (kind.derivation == rankmesh::Derivation::joined) continue;
      for (const rankmesh::Axis& axis : mesh.axes()) {
        if (std::find(kind.varying.begin(), kind.varying.end(), axis.name) != kind.varying.end()) continue;
        const int here = mesh.coordinate(rank - static_cast<int>(first), axis.name);
        CHECK(mesh.coordinate(ranks.front() - static_cast<int>(first), axis.name) == here);
        CHECK(mesh.coordinate(ranks.back() - static_cast<int>(first), axis.name) == here);
      }
    }
    CHECK_FALSE(kind.family.locate(-2147483647 - 1).has_value());
    if (first > 0) CHECK_FALSE(kind.family.locate(static_cast<int>(first) - 1).has_value());
    if (end < largest) CHECK_FALSE(kind.family.locate(static_cast<int>(end)).has_value());
    CHECK_FALSE(kind.family.locate(2147483647).has_value());
  }
}

}  // namespace

TEST_CASE("every kind of Megatron-Core in the largest worlds", "[large]") {
  using rankmesh::Convention;
  rankmesh::ParallelConfig config{.world_size = std::int64_t{1} << 30,
                                  .tensor = 8,
                                  .pipeline = 16,
                                  .convention = Convention::megatron_core,
                                  .context = 4,
                                  .expert = 64,
                                  .expert_tensor = 2,
                                  .optimizer_instances = 4,
                                  .hierarchical_context = {2, 2},
                                  .hybrid_context = true};
  check_places(config);
  config.rank_offset = 1073741823;
  check_places(config);
  config.job_size = largest;
  config.order = "cp-tp-dp-ep-pp";
  check_places(config);
  check_places({.world_size = largest, .convention = Convention::megatron_core});
  check_places({.world_size = 2147483646,
                .tensor = 18,
                .pipeline = 331,
                .convention = Convention::megatron_core,
                .context = 7,
                .expert = 151,
                .expert_tensor = 2,
                .order = "dp-cp-ep-tp-pp",
                .weight_remat = 11,
                .expert_weight_remat = 31});
}

TEST_CASE("the largest world, a prime", "[large]") {
  check_world({.world_size = largest, .fp8 = true});
  check_world({.world_size = largest, .tensor = largest, .fp8 = true});
  check_world({.world_size = largest, .pipeline = largest, .fp8 = true});
  check_world({.world_size = largest, .pipeline = largest, .split_rank = 1234567890});
  check_world({.world_size = largest, .sequence = largest, .fp8 = true});
}

TEST_CASE("one rank fewer: 2 * 3^2 * 7 * 11 * 31 * 151 * 331", "[large]") {
  const std::int64_t w = 2147483646;
  check_world({.world_size = w, .tensor = 18, .pipeline = 49981, .fp8 = true});
  check_world({.world_size = w, .tensor = 331, .pipeline = 2, .split_rank = 1, .fp8 = true});
  check_world({.world_size = w, .tensor = w / 2, .pipeline = 2});
  check_world({.world_size = w, .tensor = 2, .pipeline = w / 2, .split_rank = w / 2 - 2});
  check_world({.world_size = w, .sequence = 151 * 331, .fp8 = true});
  check_world({.world_size = w, .sequence = w / 2, .fp8 = true});
}

TEST_CASE("2^30 ranks", "[large]") {
  const std::int64_t w = std::int64_t{1} << 30;
  check_world({.world_size = w, .tensor = 8, .pipeline = 16, .split_rank = 5, .fp8 = true});
  check_world({.world_size = w, .tensor = 1 << 15, .pipeline = 1 << 15, .fp8 = true});
  check_world({.world_size = w, .sequence = 1 << 20, .fp8 = true});
}

TEST_CASE("layers of a pipeline as long as the largest world", "[large]") {
  const Topology topology({.world_size = largest, .pipeline = largest, .virtual_pipeline = largest});
  const std::int64_t chunks = largest * largest;
  const auto last = topology.pipeline().layers({.layers = chunks,
                                                .stage = static_cast<int>(largest) - 1,
                                                .virtual_stage = static_cast<int>(largest) - 1});
  CHECK(last == rankmesh::LayerRange{chunks, 1});
}
