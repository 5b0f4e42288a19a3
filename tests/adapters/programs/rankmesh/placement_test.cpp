#include "placement.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::cli;

namespace {

/// Checks the properties of a placement for each rank.
void check_promises(const Topology& topology, GroupKind kind, const std::vector<Host>& hosts) {
  const HostPlacement placement(topology, *topology.find_kind(kind), hosts);
  REQUIRE(placement.problems().empty());
  std::vector<int> host_of;
  std::set<std::pair<int, int>> taken;
  std::vector<int> processes(hosts.size());
  placement.each_rank([&](int rank, HostPlacement::Seat seat) {
    CHECK(rank == static_cast<int>(host_of.size()));
    REQUIRE(seat.host < static_cast<int>(hosts.size()));
    CHECK(seat.slot >= 0);
    CHECK(seat.slot < hosts[static_cast<std::size_t>(seat.host)].slots);
    CHECK(taken.insert({seat.host, seat.slot}).second);
    host_of.push_back(seat.host);
    ++processes[static_cast<std::size_t>(seat.host)];
  });
  CHECK(static_cast<int>(host_of.size()) == topology.world_size());
  for (std::size_t host = 0; host < hosts.size(); ++host) {
    CHECK(placement.processes_on(static_cast<int>(host)) == processes[host]);
  }
  const GroupFamily& family = topology.family(kind);
  for (int group = 0; group < family.group_count(); ++group) {
    const RankList ranks = family.group(group);
    for (const int rank : ranks) {
      CHECK(host_of[static_cast<std::size_t>(rank)] == host_of[static_cast<std::size_t>(ranks.front())]);
    }
  }
}

std::vector<Host> hosts(std::initializer_list<int> slots) {
  std::vector<Host> result;
  for (const int count : slots) result.push_back({"h" + std::to_string(result.size()), count});
  return result;
}

}  // namespace

TEST_CASE("each group on one host, each rank in a slot of its own") {
  const Topology small({.world_size = 16, .tensor = 2, .pipeline = 4});
  check_promises(small, GroupKind::tensor, hosts({4, 4, 4, 4}));
  check_promises(small, GroupKind::data, hosts({4, 4, 4, 4}));
  check_promises(small, GroupKind::data, hosts({2, 3, 1, 6, 8}));
  check_promises(small, GroupKind::pipeline, hosts({8, 8}));
  check_promises(small, GroupKind::sequence, hosts({5, 5, 6}));
  check_promises(small, GroupKind::model, hosts({8, 1, 8}));
}

TEST_CASE("ranks in no group take the remaining slots") {
  const Topology small({.world_size = 16, .tensor = 2, .pipeline = 4});
  check_promises(small, GroupKind::embedding, hosts({4, 4, 4, 4}));
  check_promises(small, GroupKind::embedding, hosts({3, 3, 3, 3, 3, 3}));
  check_promises(small, GroupKind::position_embedding, hosts({1, 15}));
  const Topology among_others({.world_size = 8,
                               .tensor = 2,
                               .convention = Convention::megatron_core,
                               .rank_offset = 3,
                               .job_size = 13});
  check_promises(among_others, GroupKind("tensor"), hosts({4, 4, 4, 4}));
}

TEST_CASE("groups that do not fit are reported") {
  const Topology topology({.world_size = 16, .tensor = 4});
  const KindFamily& tensor = *topology.find_kind(GroupKind::tensor);
  CHECK(HostPlacement(topology, tensor, hosts({3, 3})).problems() ==
        Problems{"--kind: a tensor group has 4 ranks, more than the 3 slots of the largest host",
                 "the job has 16 ranks, more than the 6 slots of 2 hosts"});
  CHECK(HostPlacement(topology, tensor, hosts({7, 7, 7})).problems() ==
        Problems{"--kind: there are 4 tensor groups of 4 ranks, and room for 3 on 3 hosts"});
  const Topology experts({.world_size = 8, .convention = Convention::megatron_core, .expert = 4});
  CHECK(HostPlacement(experts, *experts.find_kind(GroupKind("expert")), hosts({1})).problems() ==
        Problems{"--kind: an expert group has 4 ranks, more than the 1 slot of the largest host",
                 "the job has 8 ranks, more than the 1 slot of 1 host"});
}
