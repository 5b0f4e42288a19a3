// SLURM's topology.conf.

#include <algorithm>

#include "cluster/slurm_topology.hpp"
#include "rankmesh/files/hostlist.hpp"
#include "rankmesh/files/shown_text.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::files {
namespace {

using Values = std::vector<std::pair<std::string, std::string>>;

/// `KEY=VALUE` separated by blanks, with keys in lower case.
Values values_of(const HostLine& line, HostFileProblems& problems) {
  Values values;
  std::string_view rest = line.text;
  while (true) {
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    if (rest.empty()) return values;
    const std::size_t equals = std::min(rest.find_first_of("= \t"), rest.size());
    const std::string key = lower_case(rest.substr(0, equals));
    std::string_view after = rest.substr(equals);
    after.remove_prefix(std::min(after.find_first_not_of(" \t"), after.size()));
    if (!after.starts_with('=')) {
      problems.add(line.number, in_quotes(key), "is not of the form KEY=VALUE");
      return values;
    }
    after.remove_prefix(1);
    after.remove_prefix(std::min(after.find_first_not_of(" \t"), after.size()));
    constexpr char quote = '\x22';
    const bool is_quoted = after.starts_with(quote) && after.find(quote, 1) != std::string_view::npos;
    const std::size_t end =
        std::min(is_quoted ? after.find(quote, 1) : after.find_first_of(" \t"), after.size());
    values.emplace_back(key, after.substr(is_quoted ? 1 : 0, end - (is_quoted ? 1 : 0)));
    rest = after.substr(std::min(end + (is_quoted ? 1 : 0), after.size()));
  }
}

/// The value of a key, which is taken out; empty if there is none.
std::string take(Values& values, std::string_view key, int line, HostFileProblems& problems) {
  std::string value;
  bool is_found = false;
  std::erase_if(values, [&](const auto& entry) {
    if (entry.first != key) return false;
    if (is_found) problems.add(line, std::string(key), "is given twice");
    if (entry.second.empty()) problems.add(line, std::string(key), "has no value");
    value = entry.second;
    is_found = true;
    return true;
  });
  return value;
}

void read_line(const HostLine& line, SlurmTopology& topology, HostFileProblems& problems) {
  Values values = values_of(line, problems);
  if (values.empty()) return;
  const std::string first = values.front().first;
  const auto value = [&](std::string_view key) { return take(values, key, line.number, problems); };
  if (first == "switchname") {
    const std::string name = value("switchname");
    const std::string nodes = value("nodes");
    topology.add_switch(line.number, name, nodes, value("switches"));
    static_cast<void>(value("linkspeed"));
  } else if (first == "blockname" || first == "ringname") {
    const std::string name = value(first);
    topology.add_block(line.number, name, value("nodes"), first == "ringname" ? "ring" : "block");
  } else if (first == "blocksizes") {
    const std::string sizes = value(first);
    for (const std::string_view size : split_text(sizes, ',')) {
      topology.add_block_size(line.number, size);
    }
  }
  for (const auto& [key, text] : values) {
    problems.add(
        line.number, in_quotes(key),
        first == key
            ? "is no key of topology.conf: SwitchName, BlockName, BlockSizes or RingName begin a line"
            : "is no key of a line that begins with " + first);
  }
}

}  // namespace

HostFile read_topology_conf(std::string_view text, HostFileProblems& problems) {
  HostFile file{.kind = HostFileKind::slurm_topology_conf};
  SlurmTopology topology(problems);
  for (const HostLine& line : lines_of(text, false, problems)) read_line(line, topology, problems);
  topology.finish(file);
  return file;
}

}  // namespace rankmesh::files
