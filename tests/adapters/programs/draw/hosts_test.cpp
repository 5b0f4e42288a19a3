// Pictures of ranks on hosts: each rank is drawn once, in the box of its host.

#include <map>
#include <set>
#include <sstream>
#include <string>

#include "rankmesh/draw/draw.hpp"
#include "rankmesh/output/sink.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::cli;

namespace {

std::string drawn(const Topology& topology, const DrawRequest& request) {
  StringSink sink;
  Writer out(sink);
  print_picture(topology, request, out, Style(false));
  out.flush();
  return sink.text();
}

/// The ranks in the box of each host, as the dot format has them for the first kind.
std::map<std::string, std::set<int>> boxes_of(const std::string& dot) {
  std::map<std::string, std::set<int>> boxes;
  std::istringstream lines(dot);
  std::string host;
  int kinds = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("  subgraph ") && ++kinds == 2) break;
    if (line.starts_with("      label=")) host = line.substr(13, line.find('"', 13) - 13);
    const std::size_t rank = line.find(" [label=\"");
    if (line.starts_with("      ") && rank != std::string::npos)
      CHECK(boxes[host].insert(std::stoi(line.substr(rank + 9))).second);
  }
  return boxes;
}

}  // namespace

TEST_CASE("each rank is drawn in the box of its host, whatever the placement") {
  const Topology topology({.world_size = 16, .tensor = 2, .pipeline = 4});
  const Cluster unequal(
      {"rack"}, {{"alpha", 8, {"r0"}}, {"beta", 3, {"r0"}}, {"idle", 2, {"r1"}}, {"gamma", 6, {"r1"}}});
  const std::vector<int> hosts{3, 0, 0, 1, 3, 3, 0, 0, 1, 0, 3, 0, 3, 0, 3, 1};
  for (const Placement& placement :
       {Placement::identity(16), Placement::in_turns(unequal, 16, 1), Placement::on_hosts(unequal, hosts)}) {
    std::map<std::string, std::set<int>> expected;
    for (int rank = 0; rank < 16; ++rank) {
      const int host = unequal.host_of(placement.slot_of(rank));
      expected[unequal.domain_name(unequal.host_level(), host)].insert(rank);
    }
    const DrawRequest request{.format = DrawFormat::dot, .hosts = DrawnHosts{unequal, placement}};
    CHECK(boxes_of(drawn(topology, request)) == expected);
    CHECK_FALSE(html_can_draw(*request.hosts));
  }
}

TEST_CASE("ranks in order on hosts of one size are drawn as nodes with that many GPUs") {
  const Topology topology({.world_size = 4096, .tensor = 2, .pipeline = 4});
  const DrawnHosts hosts{parse_cluster("rack:8 node:64 gpu:8"), Placement::identity(4096)};
  for (const DrawFormat format : {DrawFormat::svg, DrawFormat::html}) {
    const std::string by_hosts = drawn(topology, {.format = format, .hosts = hosts});
    const std::string by_number = drawn(topology, {.format = format, .gpus_per_node = 8});
    if (format == DrawFormat::html) CHECK(by_hosts == by_number);
    // A part of the hosts.
    if (format == DrawFormat::svg) CHECK(by_hosts.find("node31<") != std::string::npos);
    if (format == DrawFormat::svg) CHECK(by_hosts.find("node32<") == std::string::npos);
  }
}
