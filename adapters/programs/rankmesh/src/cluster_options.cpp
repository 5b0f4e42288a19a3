#include "cluster_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cluster_argument.hpp"
#include "rankmesh/files/error.hpp"
#include "rankmesh/files/file_text.hpp"
#include "rankmesh/files/shown_text.hpp"
#include "rankmesh/topology/best_placement.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

/// The slot of each rank, a number in each line; nothing if the text is something else.
std::optional<std::vector<int>> slot_list(const std::string& text) {
  std::vector<int> slots;
  for (const std::string_view word : split_words(text)) {
    std::int64_t number = 0;
    if (!read_number(word, number).empty() || number < 0 || number > INT32_MAX) return std::nullopt;
    slots.push_back(static_cast<int>(number));
  }
  return slots.empty() ? std::nullopt : std::optional(slots);
}

Placement placement_of_hosts(const Cluster& cluster, const std::vector<std::string>& host_of_rank,
                             Problems& problems) {
  std::map<std::string, int, std::less<>> numbers;
  for (int host = 0; host < cluster.hosts(); ++host)
    numbers[cluster.domain_name(cluster.host_level(), host)] = host;
  std::vector<int> hosts;
  for (const std::string& name : host_of_rank) {
    const auto found = numbers.find(name);
    if (found != numbers.end()) {
      hosts.push_back(found->second);
    } else if (const std::string problem = "--placement: the cluster has no host " + files::shown(name);
               std::find(problems.begin(), problems.end(), problem) == problems.end()) {
      problems.push_back(problem);
    }
  }
  if (!problems.empty()) return Placement::identity(1);
  return Placement::on_hosts(cluster, hosts);
}

Placement read_placement(const std::string& path, const Cluster& cluster, Problems& problems) {
  const std::string text = files::file_text(path, std::size_t{64} << 20);
  if (auto slots = slot_list(text)) return Placement(std::move(*slots));
  const files::HostFile file = files::parse_host_file(text, files::source_name(path));
  if (file.host_of_rank.empty()) {
    problems.push_back("--placement: " + files::source_name(path) +
                       " does not say on which host each rank runs");
    return Placement::identity(1);
  }
  return placement_of_hosts(cluster, file.host_of_rank, problems);
}

/// How many groups of a kind touch several hosts.
int crossing_groups(const Topology& topology, GroupKind kind, const PlacedRanks& where) {
  const GroupFamily& family = topology.family(kind);
  return cluster_spans(family, where.cluster, where.placement)
      .levels[where.cluster.host_level()]
      .crossing_groups;
}

/// An order of Megatron-Core, or another placement, with which no group of the kind crosses.
std::string remedy(const Topology& topology, GroupKind kind, const PlacedRanks& where) {
  if (topology.config().convention == Convention::megatron_core) {
    std::vector<std::string_view> order = split_text(topology.config().order, '-');
    const std::string_view axis = kind.name() == "tensor" ? "tp" : kind.name() == "context" ? "cp" : "ep";
    std::erase(order, axis);
    order.insert(order.begin(), axis);
    ParallelConfig changed = topology.config();
    changed.order = joined(order, "-");
    try {
      if (crossing_groups(Topology(changed), kind, where) == 0)
        return "; --order " + changed.order + " keeps them together";
    } catch (const Error&) {
      // No valid order.
    }
  }
  const PlacementWeights alone{.kinds = {{kind, 1}}};
  const BestPlacement best = best_placement(topology, where.cluster, alone);
  const PlacedRanks placed{where.cluster, best.placement};
  if (crossing_groups(topology, kind, placed) > 0) return "";
  return fmt::format("; a placement of rankmesh place --weights {}=1 keeps them together", kind.name());
}

}  // namespace

std::vector<std::string> PlacedRanks::domains(const GroupFamily& family, int group, std::size_t level) const {
  std::vector<std::string> names;
  for (const int domain : domains_of_group(family, group, cluster, placement, level)) {
    names.push_back(cluster.domain_name(level, domain));
  }
  return names;
}

ClusterOptions::ClusterOptions(Command& command, std::string purpose)
    : cluster_(command.add({.name = "--cluster",
                            .value_name = "CLUSTER",
                            .description = std::move(purpose) +
                                           ": a file, a text such as \"rack:8 node:18 gpu:4\", or a hostlist",
                            .takes_file = true})),
      placement_(
          command.add({.name = "--placement",
                       .value_name = "FILE",
                       .description = "where each rank runs: a list of slots, a hostfile or a rankfile",
                       .default_value = "ranks in order",
                       .takes_file = true})) {}

std::optional<PlacedRanks> ClusterOptions::read(const ConfigReading& reading, std::optional<int> slots,
                                                Problems& problems) const {
  const auto text = value_of(cluster_, problems);
  const auto path = value_of(placement_, problems);
  if (!text) {
    if (path) problems.push_back("--placement needs --cluster");
    return std::nullopt;
  }
  const auto given = read_cluster("--cluster", *text, slots, problems);
  if (!given || !reading.diagnostics.empty() || !problems.empty()) return std::nullopt;
  const int ranks = Topology(reading.config).world_size();
  PlacedRanks where{given->cluster, Placement::identity(ranks)};
  try {
    if (path) {
      where.placement = read_placement(*path, where.cluster, problems);
    } else if (given->file && !given->file->host_of_rank.empty()) {
      where.placement = placement_of_hosts(where.cluster, given->file->host_of_rank, problems);
    }
    if (!problems.empty()) return std::nullopt;
    if (where.placement.ranks() < ranks || where.cluster.slots() < ranks) {
      const bool is_small = where.cluster.slots() < ranks;
      problems.push_back(fmt::format(
          "{}: the layout has {}, and the {} {}", is_small ? "--cluster" : "--placement",
          counted(ranks, "rank"), is_small ? "cluster" : "placement",
          is_small ? counted(where.cluster.slots(), "slot") : counted(where.placement.ranks(), "rank")));
      return std::nullopt;
    }
    // Throws if a slot does not exist.
    static_cast<void>(level_span(GroupFamily(), where.cluster, where.placement, 0));
    return where;
  } catch (const files::FileError& error) {
    problems.push_back(std::string("--placement: ") + error.what());
  } catch (const ConfigError& error) {
    for (const Diagnostic& diagnostic : error.diagnostics())
      problems.push_back("--placement: " + diagnostic.text());
  } catch (const RangeError& error) {
    problems.push_back(std::string("--placement: ") + error.what());
  }
  return std::nullopt;
}

std::vector<std::string> crossing_warnings(const Topology& topology, const PlacedRanks& where) {
  std::vector<std::string> warnings;
  int smallest = where.cluster.slots();
  for (int host = 0; host < where.cluster.hosts(); ++host) {
    smallest = std::min(smallest, where.cluster.slots_of_host(host));
  }
  const std::size_t level = where.cluster.host_level();
  for (const char* name : {"tensor", "expert", "context"}) {
    const KindFamily* kind = topology.find_kind(GroupKind(name));
    if (kind == nullptr || kind->family.group_size() > smallest) continue;
    const LevelSpan span = cluster_spans(kind->family, where.cluster, where.placement).levels[level];
    if (span.crossing_groups == 0) continue;
    const std::string host = where.cluster.level_name(level);
    warnings.push_back(
        fmt::format("{} groups cross {}s though one has room for them: {} of {} groups of {} touch up to {}, "
                    "the first of them group "
                    "{} on {}{}",
                    name, host, span.crossing_groups, kind->family.group_count(),
                    counted(kind->family.group_size(), "rank"), counted(span.most, host), span.worst_group,
                    joined(where.domains(kind->family, span.worst_group, level), ", "),
                    remedy(topology, kind->kind, where)));
  }
  return warnings;
}

}  // namespace rankmesh::cli
