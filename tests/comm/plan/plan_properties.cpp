// Communicator plans of random configurations: the plans that the ranks derive separately match.

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "rankmesh/comm/plan.hpp"
#include "rankmesh/topology/invariants.hpp"
#include "support/cases.hpp"
#include "support/catch.hpp"
#include "support/generators.hpp"

using namespace rankmesh;
using rankmesh::tests::share_of;
using rankmesh::tests::valid_config;

namespace {

/// The groups that MPI_Comm_split makes from the colors and keys of all ranks, each in the order of the keys.
std::map<int, std::vector<int>> split(const std::vector<RankStep>& calls) {
  std::map<int, std::vector<std::pair<int, int>>> keyed;
  for (std::size_t rank = 0; rank < calls.size(); ++rank) {
    if (calls[rank].group)
      keyed[*calls[rank].group].emplace_back(calls[rank].position, static_cast<int>(rank));
  }
  std::map<int, std::vector<int>> groups;
  for (auto& [color, members] : keyed) {
    std::sort(members.begin(), members.end());
    for (const auto& [key, rank] : members) groups[color].push_back(rank);
  }
  return groups;
}

}  // namespace

TEST_CASE("the colors and keys that the ranks derive make exactly the lists of every kind", "[property]") {
  int shared = 0;
  int partial = 0;
  CHECK(rc::check("splits", [&] {
    const Topology topology(valid_config());
    const CommunicatorPlan plan(topology);
    // calls[step][rank]
    std::vector<std::vector<RankStep>> calls(plan.steps().size());
    for (int rank = 0; rank < topology.world_size(); ++rank) {
      const std::vector<RankStep> own = plan.for_rank(rank);
      RC_ASSERT(own.size() == calls.size());
      for (std::size_t step = 0; step < own.size(); ++step) calls[step].push_back(own[step]);
    }
    for (const KindLists& kind : enumerate(topology)) {
      const PlannedKind& planned = plan.kind(kind.kind);
      RC_ASSERT(planned.step.has_value() == (kind.groups.front().size() > 1));
      if (!planned.step) continue;
      shared += planned.is_shared;
      partial += !plan.steps()[*planned.step].covers_world;
      std::vector<std::vector<int>> made;
      for (auto& [color, members] : split(calls[*planned.step])) made.push_back(std::move(members));
      RC_ASSERT(made == kind.groups);
    }
  }));
  CHECK(shared > share_of(100));
  CHECK(partial > share_of(100));
}

TEST_CASE("without sequence parallelism a rank has at most six communicators, seven with a split rank",
          "[property]") {
  std::map<bool, int> most;
  CHECK(rc::check("communicators of a rank", [&] {
    const Topology topology(valid_config());
    if (topology.config().sequence > 1) return;
    const CommunicatorPlan plan(topology);
    const bool is_split = topology.config().split_rank.has_value();
    for (int rank = 0; rank < topology.world_size(); ++rank) {
      const int count = plan.communicator_count(rank);
      RC_ASSERT(count <= (is_split ? 7 : 6));
      most[is_split] = std::max(most[is_split], count);
    }
  }));
  // The plan reaches the bounds.
  CHECK(most[false] == 6);
  CHECK(most[true] == 7);
}

TEST_CASE("the step that the world serves is the one whose list is all ranks in order", "[property]") {
  int found = 0;
  CHECK(rc::check("world step", [&] {
    const Topology topology(valid_config());
    const CommunicatorPlan plan(topology);
    std::vector<int> all(static_cast<std::size_t>(topology.world_size()));
    std::iota(all.begin(), all.end(), 0);
    for (std::size_t i = 0; i < plan.steps().size(); ++i) {
      const GroupFamily& family = topology.family(plan.steps()[i].kind);
      const bool is_world = family.group_count() == 1 && family.group(0).to_vector() == all;
      RC_ASSERT(is_world == (plan.world_step() == i));
      found += is_world;
    }
  }));
  CHECK(found > share_of(50));
}

TEST_CASE("a plan depends on nothing but the configuration: made anew it is the same", "[property]") {
  CHECK(rc::check("digest", [] {
    const ParallelConfig config = valid_config();
    const CommunicatorPlan first{Topology(config)};
    const CommunicatorPlan again{Topology(parse_config(to_string(config)))};
    RC_ASSERT(first.digest() == again.digest());
    RC_ASSERT(first.to_string() == again.to_string());
    RC_ASSERT(first == again);
  }));
}
