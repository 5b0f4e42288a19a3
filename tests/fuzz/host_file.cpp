// Files of hosts and clusters: a text that can be read makes a cluster with the hosts that it lists, and its
// ranks lie on these.

#include <set>
#include <string_view>

#include "fuzz.hpp"
#include "rankmesh/files/cluster.hpp"

using rankmesh::Cluster;
using rankmesh::files::FileError;
using rankmesh::files::HostFile;
using rankmesh::files::parse_host_file;
using rankmesh::tests::accepts;
using rankmesh::tests::Input;
using rankmesh::tests::require;
using rankmesh::tests::require_words;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  HostFile file;
  try {
    file = parse_host_file(Input(data, size).text());
  } catch (const FileError& error) {
    require(!error.diagnostics().empty(), "an error lists a mistake");
    require_words(error.diagnostics());
    return 0;
  }
  std::set<std::string_view> names;
  for (const auto& host : file.hosts) names.insert(host.name);
  for (const auto& host : file.host_of_rank)
    require(names.count(host) == 1, "a rank lies on a host of the file");
  // Large clusters would take the fuzzer's time, and some readers accept levels that no cluster has.
  if (file.hosts.size() > 1000 || file.host_of_rank.size() > 10000) return 0;
  accepts([&] {
    const Cluster cluster = file.cluster();
    require(file.uniform || cluster.hosts() == static_cast<int>(names.size()), "each host is in the cluster");
    require(cluster.slots() >= static_cast<int>(file.host_of_rank.size()), "each rank has a slot");
  });
  return 0;
}
