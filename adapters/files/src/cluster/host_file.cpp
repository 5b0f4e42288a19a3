#include <algorithm>
#include <array>

#include "cluster/host_lines.hpp"
#include "rankmesh/files/file_text.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::files {
namespace {

/// A file of 2^20 hosts with long names.
constexpr std::size_t longest_host_file = std::size_t{64} << 20;

/// The first line with anything but a comment.
std::string first_line(std::string_view text) {
  for (const std::string_view line : split_text(text, '\n')) {
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin != std::string_view::npos && line[begin] != '#') return std::string(line.substr(begin));
  }
  return "";
}

enum class Reader { lines, environment, conf, yaml, toml };

Reader reader_of(std::string_view text) {
  const std::string line = lower_case(first_line(text));
  const auto begins = [&](std::string_view word) { return line.starts_with(word); };
  if (begins("slurm_") || begins("export ") || begins("declare -x slurm_")) return Reader::environment;
  if (begins("switchname") || begins("blockname") || begins("blocksizes") || begins("ringname")) {
    return Reader::conf;
  }
  if (begins("---") || begins("- ") || line == "-" || begins("topology:")) return Reader::yaml;
  for (const std::string_view key : {"cluster", "levels", "hosts", "bandwidth_gb_s", "latency_us", "gpu",
                                     "gpu_memory_gib", "gpus_per_node"}) {
    if (!begins(key)) continue;
    const std::size_t next = line.find_first_not_of(" \t", key.size());
    // `hosts slots=4` is a host of that name.
    if (next != std::string::npos && line[next] == '=') return Reader::toml;
  }
  return Reader::lines;
}

HostFile read(std::string_view text, const std::string& source, HostFileProblems& problems) {
  switch (reader_of(text)) {
    case Reader::environment:
      return read_slurm_environment(text, problems);
    case Reader::conf:
      return read_topology_conf(text, problems);
    case Reader::yaml:
      return read_topology_yaml(text, source, problems);
    case Reader::toml:
      return read_cluster_toml(text, source, problems);
    case Reader::lines:
      break;
  }
  return read_host_lines(text, problems);
}

}  // namespace

std::string_view name_of(HostFileKind kind) noexcept {
  constexpr std::array<std::string_view, 9> names{"hostlist",         "host-list",      "openmpi-hostfile",
                                                  "openmpi-rankfile", "mpich-hostfile", "slurm-env",
                                                  "topology.conf",    "topology.yaml",  "toml"};
  return names[static_cast<std::size_t>(kind)];
}

Cluster HostFile::cluster(std::optional<int> slots) const {
  if (uniform) return *uniform;
  HostTable table;
  for (const ListedHost& host : hosts) {
    ListedHost& listed = table.add_slots(host.name, host.slots.value_or(slots.value_or(1)));
    listed.domains = host.domains;
    // A part of a tree with fewer levels has its own domain at the levels that it lacks.
    for (std::size_t level = listed.domains.size(); level-- > 0;) {
      if (!listed.domains[level].empty()) continue;
      listed.domains[level] = level + 1 < listed.domains.size() ? listed.domains[level + 1] : host.name;
    }
  }
  std::vector<ClusterHost> result;
  for (ListedHost& host : table.take()) {
    result.push_back({std::move(host.name), *host.slots, std::move(host.domains)});
  }
  return Cluster(levels, std::move(result));
}

HostFile parse_host_file(std::string_view text, const std::string& source) {
  require_size(text, source, longest_host_file);
  HostFileProblems problems(source);
  HostFile file = read(text, source, problems);
  problems.require_none();
  std::size_t slots = 0;
  for (const ListedHost& host : file.hosts) slots += static_cast<std::size_t>(host.slots.value_or(1));
  if (slots > most_slots_of_file) {
    problems.add(0, "",
                 "has more than " + std::to_string(most_slots_of_file) + " slots, the most that are read");
    problems.require_none();
  }
  if (file.hosts.empty() && !file.uniform) {
    problems.add(0, "", "names no hosts");
    problems.require_none();
  }
  return file;
}

HostFile load_host_file(const std::string& path) {
  return parse_host_file(file_text(path, longest_host_file), source_name(path));
}

}  // namespace rankmesh::files
