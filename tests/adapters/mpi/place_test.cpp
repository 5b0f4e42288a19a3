// New numbers for the processes of a job. Hosts are played: each rank says on which one it is.
#include "rankmesh/mpi/place.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "rankmesh/mpi/communicators.hpp"
#include "rankmesh/topology/config_text.hpp"
#include "support.hpp"
#include "support/catch.hpp"
#include "support/random.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using namespace std::chrono_literals;

namespace {

HostIdentity host(int number) {
  const std::string name = std::to_string(number);
  return {.name = "host" + name, .boot = "boot" + name};
}

mpi::PlaceOptions on(const HostIdentity& identity) {
  return {.bring_up = {.host = identity}};
}

/// The ranks of MPI_COMM_WORLD, by rank of a communicator.
std::vector<int> world_ranks(MPI_Comm communicator) {
  std::vector<int> ranks(static_cast<std::size_t>(size_of_communicator(communicator)));
  const int own = world_rank();
  MPI_Allgather(&own, 1, MPI_INT, ranks.data(), 1, MPI_INT, communicator);
  return ranks;
}

/// How the ranks lie on hosts: by rank, the number of the host.
using HostOfRank = std::vector<int>;

HostOfRank cyclic(int hosts) {
  HostOfRank result;
  for (int rank = 0; rank < world_size(); ++rank) result.push_back(rank % hosts);
  return result;
}

HostOfRank in_blocks(int hosts) {
  HostOfRank result = cyclic(hosts);
  std::sort(result.begin(), result.end());
  return result;
}

/// The same on every rank.
HostOfRank shuffled(int hosts, unsigned seed) {
  HostOfRank result = cyclic(hosts);
  Random(seed).shuffle(result);
  return result;
}

/// The hosts that a group touches, counted member by member, for the worst group of a kind.
int most_hosts(const GroupFamily& family, const std::vector<int>& rank_before, const HostOfRank& hosts) {
  std::size_t most = 0;
  for (int group = 0; group < family.group_count(); ++group) {
    std::map<int, int> touched;
    for (const int member : family.group(group).to_vector()) {
      const int before = rank_before[static_cast<std::size_t>(member)];
      ++touched[hosts[static_cast<std::size_t>(before)]];
    }
    most = std::max(most, touched.size());
  }
  return static_cast<int>(most);
}

/// A cluster of hosts in the order of their first ranks, as a caller would write it offline.
Cluster offline(const HostOfRank& hosts) {
  std::vector<ClusterHost> described;
  for (const int number : hosts) {
    const std::string name = host(number).name;
    const auto known = std::find_if(described.begin(), described.end(),
                                    [&](const ClusterHost& other) { return other.name == name; });
    if (known == described.end()) {
      described.push_back({name, 1, {}});
    } else {
      ++known->slots;
    }
  }
  return {std::vector<std::string>{}, described};
}

/// The error of a type that `place` ends with on this rank.
template <typename Expected>
std::string error_of(const ParallelConfig& config, const mpi::PlaceOptions& options) {
  try {
    static_cast<void>(mpi::place(MPI_COMM_WORLD, config, options));
  } catch (const Expected& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("groups touch the hosts that the best placement promises offline, however ranks lie before") {
  if (world_size() % 4 != 0 || world_size() < 8) return;
  const std::vector<ParallelConfig> configs{{.world_size = world_size(), .tensor = 4},
                                            {.world_size = world_size(), .tensor = 2, .pipeline = 2},
                                            {.world_size = world_size(), .tensor = 2, .pipeline = 4},
                                            {.world_size = world_size(), .pipeline = world_size() / 2}};
  std::vector<HostOfRank> jobs{cyclic(2), cyclic(4), in_blocks(2), in_blocks(4)};
  for (const unsigned seed : {1U, 2U, 3U}) jobs.insert(jobs.end(), {shuffled(2, seed), shuffled(4, seed)});
  // Hosts with different numbers of ranks.
  jobs.push_back(cyclic(3));
  int changed = 0;
  int kept = 0;
  for (const HostOfRank& hosts : jobs) {
    for (const ParallelConfig& config : configs) {
      CAPTURE(to_string(config), hosts);
      const Topology topology(config);
      const int own = hosts[static_cast<std::size_t>(world_rank())];
      const mpi::Placed placed = mpi::place(MPI_COMM_WORLD, config, on(host(own)));
      CHECK(world_ranks(placed.communicator.native()) == placed.ranks.rank_before);

      const Cluster cluster = offline(hosts);
      CHECK(placed.ranks.cluster == cluster);
      const PlacementWeights weights{.kinds = default_weights(topology)};
      const BestPlacement best = best_placement(topology, cluster, weights);
      CHECK(placed.ranks.cost_after <= best.cost_after + 1e-6);
      CHECK(placed.ranks.cost_after <= placed.ranks.cost_before);
      std::vector<int> before(static_cast<std::size_t>(world_size()));
      for (std::size_t rank = 0; rank < before.size(); ++rank) before[rank] = static_cast<int>(rank);
      if (!placed.ranks.is_changed()) {
        CHECK(placed.ranks.rank_before == before);
        CHECK(placed.ranks.cost_after == placed.ranks.cost_before);
        ++kept;
        continue;
      }
      ++changed;
      CHECK(placed.ranks.cost_after < placed.ranks.cost_before);
      for (const KindFamily& kind : topology.kinds()) {
        const auto promised =
            cluster_spans(kind.family, cluster, best.placement).levels[cluster.host_level()];
        CHECK(most_hosts(kind.family, placed.ranks.rank_before, hosts) == promised.most);
      }
    }
  }
  CHECK(changed > 0);
  CHECK(kept > 0);
}

TEST_CASE("after place everything is brought up as on any other communicator") {
  if (world_size() % 4 != 0 || world_size() < 8) return;
  const HostOfRank hosts = cyclic(4);
  const int own = hosts[static_cast<std::size_t>(world_rank())];
  const ParallelConfig config{.world_size = world_size(), .tensor = world_size() / 4, .pipeline = 2};
  mpi::Placed placed = mpi::place(MPI_COMM_WORLD, config, on(host(own)));
  CHECK(placed.ranks.is_changed());
  mpi::Communicators groups(placed.communicator.native(), config);
  // A tensor group has the ranks of one host.
  for (const int rank : world_ranks(groups.at("tensor").native())) {
    CHECK(hosts[static_cast<std::size_t>(rank)] == own);
  }
  MPI_Errhandler handler = MPI_ERRHANDLER_NULL;
  MPI_Comm_get_errhandler(placed.communicator.native(), &handler);
  CHECK(handler == MPI_ERRORS_ARE_FATAL);
  MPI_Errhandler_free(&handler);
  groups.close();
}

TEST_CASE("ranks keep their numbers where nothing is gained: on one host, and without a group of two") {
  const mpi::Placed here = mpi::place(MPI_COMM_WORLD, {.world_size = world_size(), .tensor = world_size()});
  CHECK(here.ranks.cluster.hosts() == 1);
  CHECK_FALSE(here.ranks.is_changed());
  CHECK(here.ranks.cost_before == 0);
  CHECK(size_of_communicator(here.communicator.native()) == world_size());
  const mpi::Placed spread =
      mpi::place(MPI_COMM_WORLD, {.world_size = world_size()}, on(host(world_rank() % 2)));
  // The only group has all ranks and touches all hosts, whatever their numbers are.
  CHECK_FALSE(spread.ranks.is_changed());
}

TEST_CASE("containers with names of their own are on one host if the kernel is one") {
  if (world_size() < 4) return;
  const HostIdentity own{.name = "container" + std::to_string(world_rank()),
                         .boot = world_rank() % 2 == 0 ? "even" : "odd"};
  const FoundHosts found = mpi::find_hosts(MPI_COMM_WORLD, {.host = own});
  CHECK(found.cluster.hosts() == 2);
  CHECK(found.cluster.domain_name(0, 0) == "container0");
  CHECK(found.cluster.domain_name(0, 1) == "container1");
  CHECK(found.slot_of_rank[2] == 1);
}

TEST_CASE("hosts of one NVLink fabric are neighbours, and a level of the cluster") {
  if (world_size() < 8) return;
  // The hosts 0 and 2, and 1 and 3.
  HostIdentity own = host(world_rank() % 4);
  own.fabric = world_rank() % 2 == 0 ? "a.1" : "b.1";
  const FoundHosts found = mpi::find_hosts(MPI_COMM_WORLD, {.host = own});
  CHECK(found.cluster.level_name(0) == "nvlink");
  CHECK(found.cluster.domain_count(0) == 2);
  CHECK(found.cluster.domain_name(1, 1) == "host2");
  const auto nvlink_of = [&](std::size_t rank) {
    return found.cluster.domain_of(found.slot_of_rank[rank], 0);
  };
  CHECK(nvlink_of(0) == nvlink_of(2));
  CHECK(nvlink_of(0) != nvlink_of(1));
  if (world_size() % 8 != 0) return;
  // Tensor groups are too large for a host, and fit into a fabric.
  const ParallelConfig config{.world_size = world_size(), .tensor = world_size() / 2};
  const mpi::Placed placed = mpi::place(MPI_COMM_WORLD, config, on(own));
  const Topology topology(config);
  const auto spans = cluster_spans(topology.family("tensor"), placed.ranks.cluster, placed.ranks.placement);
  CHECK(spans.levels[0].most == 1);
  CHECK(spans.levels[1].most == 2);
}

TEST_CASE("hosts that contradict each other are the same error on all ranks") {
  if (world_size() < 4) return;
  const ParallelConfig config{.world_size = world_size(), .tensor = 2};
  const int last = world_size() - 1;

  // One name, two kernels.
  HostIdentity own{.name = "node", .boot = world_rank() == 1 ? "b" : "a"};
  std::string text = error_of<HostError>(config, on(own));
  CHECK(same_everywhere(text));
  CHECK_THAT(text, ContainsSubstring("ranks whose host is named node are on different ones: boot id a on "));
  CHECK_THAT(text, ContainsSubstring("boot id b on rank 1;"));

  // A rank that cannot read what the others can.
  own = {.name = "node", .boot = world_rank() == last ? "" : "a"};
  text = error_of<HostError>(config, on(own));
  CHECK(same_everywhere(text));
  CHECK_THAT(text, ContainsSubstring("none on rank " + std::to_string(last)));

  // Nothing known, and two fabrics on one host: both are listed.
  own = world_rank() == 0 ? HostIdentity{} : HostIdentity{.name = "node", .boot = "a"};
  if (world_rank() == 2) own.fabric = "f.1";
  text = error_of<HostError>(config, on(own));
  CHECK(same_everywhere(text));
  CHECK_THAT(text, ContainsSubstring("2 problems:\n  no name and no boot id could be read on rank 0"));
  CHECK_THAT(text, ContainsSubstring("in different NVLink fabrics: none on ranks 1"));
  CHECK_THAT(text, ContainsSubstring("f.1 on rank 2;"));

  // The communicator is as good as before.
  CHECK(error_of<Error>(config, on(host(world_rank() % 2))) == "no error");
}

TEST_CASE("a rank with another layout, other weights or another field is named on all ranks") {
  if (world_size() < 4) return;
  for (const int odd_one : {0, 1, world_size() - 1}) {
    CAPTURE(odd_one);
    const bool is_odd = world_rank() == odd_one;
    const std::string who = " on rank " + std::to_string(odd_one);
    ParallelConfig config{.world_size = world_size(), .tensor = is_odd ? 1 : 2};
    std::string text = error_of<DisagreementError>(config, {});
    CHECK(same_everywhere(text));
    CHECK_THAT(text, ContainsSubstring("tensor = ") && ContainsSubstring("1" + who));

    config.tensor = 2;
    mpi::PlaceOptions options;
    options.weights.kinds = {{"tensor", is_odd ? 2.5 : 2}};
    text = error_of<DisagreementError>(config, options);
    CHECK(same_everywhere(text));
    CHECK_THAT(text, ContainsSubstring("weights = ") && ContainsSubstring("tensor=2.5" + who));

    options.weights = {.levels = {{"node", is_odd ? 4.0 : 1.0}}};
    text = error_of<DisagreementError>(config, options);
    CHECK(same_everywhere(text));
    CHECK_THAT(text, ContainsSubstring("level_costs = ") && ContainsSubstring("node=4" + who));

    options = {.bring_up = {.job_fields = {{.field = "layers", .value = is_odd ? "3" : "2"}}}};
    text = error_of<DisagreementError>(config, options);
    CHECK(same_everywhere(text));
    CHECK_THAT(text, ContainsSubstring("layers = ") && ContainsSubstring("3" + who));
  }
}

TEST_CASE("a mistake that all ranks make is the same error on all") {
  const auto everywhere = [](const std::string& text, const std::string& part) {
    CAPTURE(text);
    CHECK(same_everywhere(text));
    CHECK_THAT(text, ContainsSubstring(part));
  };
  const int size = world_size();
  everywhere(error_of<ConfigError>({.world_size = size, .tensor = size + 1}, {}), "tensor = ");
  mpi::PlaceOptions options;
  options.weights.kinds = {{"no_such_kind", 1}};
  everywhere(error_of<RangeError>({.world_size = size}, options), "no_such_kind");
  options.weights = {.levels = {{"rack", 2}}};
  everywhere(error_of<RangeError>({.world_size = size}, options), "the cluster has no level rack");
}

TEST_CASE("a rank that comes late for place is missed at the deadline, and the next call meets") {
  if (world_size() < 4) return;
  const ParallelConfig config{.world_size = world_size(), .tensor = 2};
  for (const int late : {0, 3}) {
    mpi::PlaceOptions options = on(host(world_rank() % 2));
    options.bring_up.timeouts = {.deadline = 600ms, .grace = 300ms};
    if (world_rank() == late) MPI_Barrier(MPI_COMM_WORLD);
    const std::string text = error_of<DeadlineError>(config, options);
    if (world_rank() != late) MPI_Barrier(MPI_COMM_WORLD);
    CHECK_THAT(text, ContainsSubstring("deadline missed at step agreement: rank " + std::to_string(late) +
                                       " did not arrive"));
    MPI_Barrier(MPI_COMM_WORLD);
    options.bring_up.timeouts = {.deadline = 60s};
    CHECK(error_of<Error>(config, options) == "no error");
  }
}
