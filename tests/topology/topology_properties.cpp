// Compares topologies of random configurations with the loops of the reference module and with the invariants
// checker.

#include <string>
#include <vector>

#include "rankmesh/topology/invariants.hpp"
#include "rankmesh/topology/topology.hpp"
#include "support/cases.hpp"
#include "support/catch.hpp"
#include "support/generators.hpp"
#include "support/lists.hpp"
#include "support/reference_oracle.hpp"

using rankmesh::check_invariants;
using rankmesh::GroupKind;
using rankmesh::ParallelConfig;
using rankmesh::Topology;
using rankmesh::tests::any_config;
using rankmesh::tests::reference_lists;
using rankmesh::tests::share_of;
using rankmesh::tests::valid_config;

TEST_CASE("the generator of valid configurations makes valid and interesting ones", "[property]") {
  int interesting = 0;
  int with_sequence = 0;
  CHECK(rc::check("valid", [&] {
    const ParallelConfig config = valid_config();
    RC_ASSERT(check(config).empty());
    interesting +=
        config.tensor > 1 && config.pipeline > 1 && config.world_size > config.tensor * config.pipeline;
    with_sequence += config.sequence > 1 && config.world_size > config.sequence;
  }));
  CHECK(interesting > share_of(20));
  CHECK(with_sequence > share_of(5));
}

TEST_CASE("every kind has the lists of the reference's loops", "[property]") {
  int with_split = 0;
  int with_amax = 0;
  CHECK(rc::check("lists", [&] {
    const ParallelConfig config = valid_config();
    const Topology topology(config);
    const auto expected = reference_lists(config);
    RC_ASSERT(topology.kinds().size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const GroupKind kind = topology.kinds()[i].kind;
      const rankmesh::GroupFamily& family = topology.kinds()[i].family;
      RC_ASSERT(std::string(kind.name()) == expected[i].first);
      RC_ASSERT(rankmesh::tests::lists_of(family) == expected[i].second);
      RC_ASSERT(rankmesh::tests::enumerated_lists_of(family) == expected[i].second);
    }
    with_split += topology.family(GroupKind::embedding).group_size() == 3;
    with_amax += topology.find(GroupKind::amax) != nullptr;
  }));
  CHECK(with_split > share_of(5));
  CHECK(with_amax > share_of(20));
}

TEST_CASE("the invariants hold, of the topology's own lists and of the oracle's", "[property]") {
  CHECK(rc::check("invariants", [] {
    const ParallelConfig config = valid_config();
    const Topology topology(config);
    for (const auto& broken : check_invariants(topology)) RC_FAIL(broken.message);
    std::vector<rankmesh::KindLists> lists;
    for (const auto& [kind, groups] : reference_lists(config)) lists.push_back({GroupKind(kind), groups});
    for (const auto& broken : check_invariants(topology, lists)) RC_FAIL(broken.message);
  }));
}

TEST_CASE("two ranks swapped anywhere are found", "[property]") {
  int swapped = 0;
  CHECK(rc::check("swaps", [&] {
    const Topology topology(valid_config());
    auto lists = enumerate(topology);
    auto& groups = lists[*rc::gen::inRange<std::size_t>(0, lists.size())].groups;
    const auto rank = [&]() -> int& {
      auto& group = groups[*rc::gen::inRange<std::size_t>(0, groups.size())];
      return group[*rc::gen::inRange<std::size_t>(0, group.size())];
    };
    int& a = rank();
    int& b = rank();
    if (a == b) return;
    std::swap(a, b);
    RC_ASSERT(!check_invariants(topology, lists).empty());
    ++swapped;
  }));
  CHECK(swapped > share_of(50));
}

TEST_CASE("pipeline neighbours are inverse and stay in the group", "[property]") {
  CHECK(rc::check("neighbours", [] {
    const Topology topology(valid_config());
    const auto& pipeline = topology.pipeline();
    const int rank = *rc::gen::inRange(0, topology.world_size());
    RC_ASSERT(pipeline.previous_rank(pipeline.next_rank(rank)) == rank);
    RC_ASSERT(topology.group_of(GroupKind::pipeline, rank).contains(pipeline.next_rank(rank)));
    RC_ASSERT((pipeline.stage_of(rank) + 1) % pipeline.stages() ==
              pipeline.stage_of(pipeline.next_rank(rank)));
    RC_ASSERT(pipeline.is_first_stage(rank) == pipeline.is_last_stage(pipeline.previous_rank(rank)));
  }));
}

TEST_CASE("a topology is made of exactly the configurations that break no rule", "[property]") {
  int refused = 0;
  CHECK(rc::check("any configuration", [&] {
    const ParallelConfig config = any_config();
    const auto diagnostics = check(config);
    bool thrown = false;
    try {
      const Topology topology(config);
      RC_ASSERT(topology.world_size() == config.world_size);
    } catch (const rankmesh::ConfigError& error) {
      thrown = true;
      RC_ASSERT(std::vector(error.diagnostics().begin(), error.diagnostics().end()) == diagnostics);
    }
    RC_ASSERT(thrown == !diagnostics.empty());
    refused += thrown;
  }));
  CHECK(refused > share_of(50));
}
