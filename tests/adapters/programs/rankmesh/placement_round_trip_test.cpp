// Random placements, written in every form of file and read back.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cluster_options.hpp"
#include "print/placed_job.hpp"
#include "rankmesh/output/sink.hpp"
#include "support/catch.hpp"
#include "support/random_hosts.hpp"
#include "support/temporary_folder.hpp"

using namespace rankmesh;
using namespace rankmesh::cli;
using namespace rankmesh::tests;

namespace {

/// The hosts of a cluster, once for each slot, in runs or in any order; the last ones may be left out.
std::vector<int> drawn_hosts(Random& random, const Cluster& cluster) {
  std::vector<int> order;
  for (int host = 0; host < cluster.hosts(); ++host) order.push_back(host);
  random.shuffle(order);
  std::vector<int> host_of_rank;
  for (const int host : order)
    host_of_rank.insert(host_of_rank.end(), static_cast<std::size_t>(cluster.slots_of_host(host)), host);
  if (random.below(2) == 0) random.shuffle(host_of_rank);
  host_of_rank.resize(static_cast<std::size_t>(1 + random.below(cluster.slots())));
  return host_of_rank;
}

Cluster drawn_cluster(Random& random) {
  std::vector<ClusterHost> hosts;
  const int same = random.below(2) == 0 ? 1 + random.below(4) : 0;
  for (const std::string& name : names_of(drawn_patterns(random, 2)))
    hosts.push_back({.name = name, .slots = same > 0 ? same : 1 + random.below(4)});
  return Cluster({}, hosts);
}

std::string printed(const PlacedJob& job, PlacementFormat format) {
  StringSink sink;
  Writer out(sink);
  print_placement(job, format, out, Style(false));
  out.flush();
  return sink.text();
}

void check_reads(const std::string& text, const Cluster& cluster, const Placement& placement) {
  INFO(text);
  const TemporaryFolder folder;
  Problems problems;
  const auto read = place_ranks(GivenCluster{.cluster = cluster}, folder.write("placement", text),
                                placement.ranks(), problems);
  CHECK(problems == Problems{});
  REQUIRE(read);
  CHECK(read->slots() == placement.slots());
}

}  // namespace

TEST_CASE("random placements are read back from every file that says where ranks run") {
  Random random(226);
  int torchrun_lists = 0;
  for (int draw = 0; draw < 100; ++draw) {
    const Cluster cluster = drawn_cluster(random);
    const std::vector<int> host_of_rank = drawn_hosts(random, cluster);
    const Placement placement = Placement::on_hosts(cluster, host_of_rank);
    const PlacedJob job{.topology = Topology({.world_size = placement.ranks()}),
                        .cluster = cluster,
                        .weights = {},
                        .best = {.placement = placement}};
    for (const PlacementFormat format :
         {PlacementFormat::ranks, PlacementFormat::rankfile, PlacementFormat::hostfile,
          PlacementFormat::hydra, PlacementFormat::slurm})
      check_reads(printed(job, format), cluster, placement);
    if (why_not_torchrun(job).empty()) {
      ++torchrun_lists;
      check_reads(printed(job, PlacementFormat::torchrun), cluster, placement);
    }
    nlohmann::json report{{"ok", true}};
    for (const int host : host_of_rank)
      report["host_of_rank"].push_back(cluster.domain_name(cluster.host_level(), host));
    check_reads(report.dump(), cluster, placement);
    // Only a list of slots says on which slot of its host a rank runs.
    std::vector<int> slots;
    for (int slot = 0; slot < cluster.slots(); ++slot) slots.push_back(slot);
    random.shuffle(slots);
    std::string text;
    for (const int slot : slots) text += std::to_string(slot) + "\n";
    check_reads(text, cluster, Placement(slots));
  }
  CHECK(torchrun_lists > 10);
}
