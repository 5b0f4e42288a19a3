#include "rankmesh/comm/place_ranks.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/random.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;

namespace {

FoundHosts hosts_of(const std::vector<int>& host_of_rank) {
  HostsOfRanks hosts;
  for (const int number : host_of_rank) {
    const std::string name = std::to_string(number);
    hosts.add({.name = name, .boot = name});
  }
  return find_hosts(hosts);
}

std::vector<int> up_to(int count) {
  std::vector<int> ranks(static_cast<std::size_t>(count));
  std::iota(ranks.begin(), ranks.end(), 0);
  return ranks;
}

}  // namespace

TEST_CASE("numbers in turns over two hosts become blocks") {
  const Topology topology({.world_size = 8, .tensor = 4});
  const NewRanks placed = place_ranks(topology, hosts_of({0, 1, 0, 1, 0, 1, 0, 1}), {});
  CHECK(placed.is_changed());
  std::vector<int> first(placed.rank_before.begin(), placed.rank_before.begin() + 4);
  std::sort(first.begin(), first.end());
  CHECK((first == std::vector{0, 2, 4, 6} || first == std::vector{1, 3, 5, 7}));
  CHECK(cluster_spans(topology.family("tensor"), placed.cluster, placed.placement).levels[0].most == 1);
}

TEST_CASE("a rank keeps its slot, the numbers are a bijection, and the costs are those of the placement") {
  Random random(7);
  int changed = 0;
  for (int round = 0; round < 60; ++round) {
    const int size = 8 << random.below(2);
    std::vector<int> host_of_rank;
    const int hosts = 1 + random.below(4);
    for (int rank = 0; rank < size; ++rank) host_of_rank.push_back(random.below(hosts));
    const FoundHosts found = hosts_of(host_of_rank);
    const Topology topology({.world_size = size, .tensor = 1 << random.below(3), .pipeline = 2});
    const PlacementWeights weights{.kinds = default_weights(topology)};
    const NewRanks placed = place_ranks(topology, found, {});
    CAPTURE(host_of_rank, topology.config().tensor);

    std::vector<int> sorted = placed.rank_before;
    std::sort(sorted.begin(), sorted.end());
    CHECK(sorted == up_to(size));
    for (int rank = 0; rank < size; ++rank) {
      const int before = placed.rank_before[static_cast<std::size_t>(rank)];
      CHECK(placed.placement.slot_of(rank) == found.slot_of_rank[static_cast<std::size_t>(before)]);
    }
    const double after = placement_cost(topology, placed.cluster, placed.placement, weights);
    CHECK(std::abs(after - placed.cost_after) < 1e-6);
    CHECK(placement_cost(topology, placed.cluster, Placement(found.slot_of_rank), weights) ==
          placed.cost_before);
    CHECK(placed.cost_after <= placed.cost_before);
    CHECK(placed.is_changed() == (placed.cost_after < placed.cost_before));
    changed += placed.is_changed() ? 1 : 0;
    CHECK(place_ranks(topology, found, {}) == placed);
  }
  CHECK(changed > 10);
  CHECK(changed < 60);
}

TEST_CASE("the caller's weights decide") {
  // Only data groups count, which are {0, 2, 4, 6} and {1, 3, 5, 7}: on a host each.
  const Topology topology({.world_size = 8, .tensor = 2});
  const FoundHosts found = hosts_of({0, 1, 0, 1, 0, 1, 0, 1});
  CHECK(place_ranks(topology, found, {}).is_changed());
  CHECK_FALSE(place_ranks(topology, found, {.kinds = {{"data", 1}}}).is_changed());
  CHECK_THROWS_AS(place_ranks(topology, found, {.kinds = {{"no_such_kind", 1}}}), RangeError);
}
