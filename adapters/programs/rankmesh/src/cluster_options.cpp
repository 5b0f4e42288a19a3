#include "cluster_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "cluster_argument.hpp"
#include "common_options.hpp"
#include "rankmesh/files/error.hpp"
#include "rankmesh/files/file_text.hpp"
#include "rankmesh/files/shown_text.hpp"
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

/// The host of each rank in a report of `rankmesh-bringup --format json`; empty if the text is none.
std::vector<std::string> hosts_of_report(const std::string& text) {
  if (!text.starts_with('{')) return {};
  const nlohmann::json report = nlohmann::json::parse(text, nullptr, false);
  const auto found = report.find("host_of_rank");
  if (found == report.end() || !found->is_array()) return {};
  std::vector<std::string> hosts;
  for (const nlohmann::json& host : *found) {
    if (!host.is_string()) return {};
    hosts.push_back(host.get<std::string>());
  }
  return hosts;
}

/// The hosts by their number in lines such as `0 n07`: the node ranks of torchrun. Empty if the text is
/// something else, or does not have each number once.
std::vector<std::string> torchrun_nodes(const std::string& text) {
  const std::vector<std::string_view> words = split_words(text);
  std::vector<std::string> nodes(words.size() / 2);
  if (words.empty() || words.size() % 2 != 0) return {};
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    std::int64_t number = 0;
    if (!read_number(words[2 * i], number).empty() || number < 0) return {};
    const auto node = static_cast<std::size_t>(number);
    if (node >= nodes.size() || !nodes[node].empty()) return {};
    nodes[node] = words[2 * i + 1];
  }
  return nodes;
}

/// @param ranks of the layout, which node ranks of torchrun do not say
Placement read_placement(const std::string& path, const Cluster& cluster, int ranks, Problems& problems) {
  const std::string text = files::file_text(path, std::size_t{64} << 20);
  if (auto slots = slot_list(text)) return Placement(std::move(*slots));
  const std::vector<std::string> reported = hosts_of_report(text);
  if (!reported.empty()) return placement_of_hosts(cluster, reported, problems);
  if (const std::vector<std::string> nodes = torchrun_nodes(text); !nodes.empty()) {
    const auto count = static_cast<int>(nodes.size());
    if (ranks % count != 0) {
      problems.push_back(
          fmt::format("--placement: {} ranks cannot be divided equally among the {} of torchrun in {}", ranks,
                      counted(count, "node"), files::source_name(path)));
      return Placement::identity(1);
    }
    std::vector<std::string> host_of_rank;
    for (int rank = 0; rank < ranks; ++rank) {
      host_of_rank.push_back(nodes[static_cast<std::size_t>(rank / (ranks / count))]);
    }
    return placement_of_hosts(cluster, host_of_rank, problems);
  }
  const files::HostFile file = files::parse_host_file(text, files::source_name(path));
  if (file.host_of_rank.empty()) {
    problems.push_back("--placement: " + files::source_name(path) +
                       " does not say on which host each rank runs");
    return Placement::identity(1);
  }
  return placement_of_hosts(cluster, file.host_of_rank, problems);
}

/// `tensor=node,expert=rack`
std::vector<KindLevel> read_keep(const Option& option, const Topology& topology, const Cluster& cluster,
                                 Problems& problems) {
  std::vector<KindLevel> keep;
  const auto text = value_of(option, problems);
  if (!text) return keep;
  std::vector<std::string> levels;
  for (std::size_t level = 0; level + 1 < cluster.level_count(); ++level)
    levels.push_back(cluster.level_name(level));
  for (const std::string_view part : split_text(*text, ',')) {
    const std::size_t equals = std::min(part.find('='), part.size());
    const std::string kind(part.substr(0, equals));
    const std::string level(part.substr(std::min(equals + 1, part.size())));
    const auto found = kind_named(option.name(), kind, topology, problems);
    if (std::find(levels.begin(), levels.end(), level) == levels.end()) {
      problems.push_back(option.name() + ": " + files::in_quotes(level) +
                         " is no level that groups could cross; the cluster has " + joined(levels, ", "));
    } else if (found) {
      keep.push_back({*found, level});
    }
  }
  return keep;
}

}  // namespace

std::vector<std::string> PlacedRanks::domains(const GroupFamily& family, int group, std::size_t level) const {
  std::vector<std::string> names;
  for (const int domain : domains_of_group(family, group, cluster, placement, level)) {
    names.push_back(cluster.domain_name(level, domain));
  }
  return names;
}

std::vector<int> PlacedRanks::free_slots(int ranks, int most) const {
  std::vector<bool> is_used(static_cast<std::size_t>(cluster.slots()));
  for (int rank = 0; rank < ranks; ++rank) is_used[static_cast<std::size_t>(placement.slot_of(rank))] = true;
  std::vector<int> slots;
  for (int slot = 0; slot < cluster.slots() && static_cast<int>(slots.size()) < most; ++slot) {
    if (!is_used[static_cast<std::size_t>(slot)]) slots.push_back(slot);
  }
  return slots;
}

Option& add_placement(Command& command) {
  return command.add({.name = "--placement",
                      .value_name = "FILE",
                      .description =
                          "where each rank runs: a list of slots, a hostfile, a rankfile, or the JSON of "
                          "rankmesh-bringup",
                      .default_value = "ranks in order",
                      .takes_file = true});
}

std::optional<Placement> place_ranks(const GivenCluster& given, const std::optional<std::string>& path,
                                     int ranks, Problems& problems) {
  const Cluster& cluster = given.cluster;
  Placement placement = Placement::identity(ranks);
  try {
    if (path) {
      placement = read_placement(*path, cluster, ranks, problems);
    } else if (given.file && !given.file->host_of_rank.empty()) {
      placement = placement_of_hosts(cluster, given.file->host_of_rank, problems);
    }
    if (!problems.empty()) return std::nullopt;
    if (placement.ranks() < ranks || cluster.slots() < ranks) {
      const bool is_small = cluster.slots() < ranks;
      problems.push_back(
          fmt::format("{}: the layout has {}, and the {} {}", is_small ? "--cluster" : "--placement",
                      counted(ranks, "rank"), is_small ? "cluster" : "placement",
                      is_small ? counted(cluster.slots(), "slot") : counted(placement.ranks(), "rank")));
      return std::nullopt;
    }
    // Throws if a slot does not exist.
    static_cast<void>(level_span(GroupFamily(), cluster, placement, 0));
    return placement;
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

ClusterOptions::ClusterOptions(Command& command, std::string description, bool warns)
    : cluster_(command.add({.name = "--cluster",
                            .value_name = "CLUSTER",
                            .description = std::move(description),
                            .takes_file = true})),
      placement_(add_placement(command)) {
  if (!warns) return;
  keep_ = &command.add(
      {.name = "--keep",
       .value_name = "KIND=LEVEL,...",
       .description = "warn where groups of these kinds cross these levels",
       .details = "Tensor, expert, sequence and context groups are judged anyway, by the innermost level "
                  "that has room for them."});
}

std::optional<PlacedRanks> ClusterOptions::read(const ConfigReading& reading, std::optional<int> slots,
                                                Problems& problems) const {
  const auto text = value_of(cluster_, problems);
  const auto path = value_of(placement_, problems);
  if (!text) {
    if (path) problems.push_back("--placement needs --cluster");
    if (keep_ != nullptr && keep_->count() > 0) problems.push_back("--keep needs --cluster");
    return std::nullopt;
  }
  const auto given = read_cluster("--cluster", *text, slots, problems);
  if (!given || !reading.diagnostics.empty() || !problems.empty()) return std::nullopt;
  const Topology topology(reading.config);
  std::vector<KindLevel> keep;
  if (keep_ != nullptr) keep = read_keep(*keep_, topology, given->cluster, problems);
  auto placement = place_ranks(*given, path, topology.world_size(), problems);
  if (!placement) return std::nullopt;
  return PlacedRanks{given->cluster, *std::move(placement), std::move(keep)};
}

}  // namespace rankmesh::cli
