#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cluster_argument.hpp"
#include "command.hpp"
#include "common_options.hpp"
#include "rankmesh/cli/run.hpp"
#include "rankmesh/output/table.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

using Json = nlohmann::ordered_json;

/// The hosts as the file lists them, or those of a text.
std::vector<files::ListedHost> listed_hosts(const GivenCluster& given, std::optional<int> slots) {
  const Cluster& cluster = given.cluster;
  if (given.file && !given.file->uniform) {
    std::vector<files::ListedHost> hosts = given.file->hosts;
    for (files::ListedHost& host : hosts) host.slots = host.slots.value_or(slots.value_or(1));
    return hosts;
  }
  std::vector<files::ListedHost> hosts;
  for (int host = 0; host < cluster.hosts(); ++host) {
    hosts.push_back(
        {.name = cluster.domain_name(cluster.host_level(), host), .slots = cluster.slots_of_host(host)});
    for (std::size_t level = 0; level < cluster.host_level(); ++level) {
      hosts.back().domains.push_back(
          cluster.domain_name(level, cluster.domain_of(cluster.first_slot(host), level)));
    }
  }
  return hosts;
}

Json host_json(const files::ListedHost& host, const Cluster& cluster) {
  Json domains = Json::object();
  for (std::size_t level = 0; level < host.domains.size(); ++level) {
    if (!host.domains[level].empty()) domains[cluster.level_name(level)] = host.domains[level];
  }
  Json json = {{"name", host.name}, {"slots", *host.slots}, {"domains", domains}};
  if (host.max_slots) json["max_slots"] = *host.max_slots;
  if (host.cpus) json["cpus"] = *host.cpus;
  return json;
}

Json links_json(const files::HostFile& file) {
  Json links = Json::array();
  for (const files::LevelLink& link : file.links) {
    Json json = {{"level", link.level}};
    if (link.bandwidth_gb_s) json["bandwidth_gb_s"] = *link.bandwidth_gb_s;
    if (link.latency_us) json["latency_us"] = *link.latency_us;
    links.push_back(json);
  }
  return links;
}

void print_json(const GivenCluster& given, std::optional<int> slots, Writer& out) {
  const Cluster& cluster = given.cluster;
  out.put(fmt::format("{{\"slots\": {},\n", cluster.slots()));
  if (given.file) out.put(fmt::format(" \"kind\": \"{}\",\n", files::name_of(given.file->kind)));
  out.put(" \"hosts\": [");
  std::string_view separator = "\n  ";
  for (const files::ListedHost& host : listed_hosts(given, slots)) {
    out.put(separator);
    out.put(host_json(host, cluster).dump());
    separator = ",\n  ";
  }
  Json levels = Json::array();
  for (std::size_t level = 0; level < cluster.level_count(); ++level) {
    levels.push_back({{"name", cluster.level_name(level)}, {"domains", cluster.domain_count(level)}});
  }
  out.put("\n ],\n \"levels\": " + levels.dump());
  if (given.file) {
    const files::HostFile& file = *given.file;
    const auto put = [&](const char* key, const Json& value) {
      out.put(fmt::format(",\n \"{}\": {}", key, value.dump()));
    };
    if (!file.distribution.empty() && !file.host_of_rank.empty()) {
      put("distribution", file.distribution);
      put("ranks", file.host_of_rank);
    }
    if (!file.views.empty()) put("views", file.views);
    if (!file.block_sizes.empty()) put("block_sizes", file.block_sizes);
    if (!file.links.empty()) put("links", links_json(file));
    if (!file.gpu.empty()) put("gpu", file.gpu);
    if (file.gpu_memory_gib) put("gpu_memory_gib", *file.gpu_memory_gib);
  }
  out.put("}\n");
}

/// `8`, or `4-8` for domains of different sizes.
std::string range_text(int least, int most) {
  return least == most ? fmt::format("{}", most) : fmt::format("{}-{}", least, most);
}

/// The least and most slots of the domains of a level.
std::string sizes_text(const Cluster& cluster, std::size_t level) {
  std::vector<int> slots(static_cast<std::size_t>(cluster.domain_count(level)));
  for (int host = 0; host < cluster.hosts(); ++host) {
    const int domain = cluster.domain_of(cluster.first_slot(host), level);
    slots[static_cast<std::size_t>(domain)] += cluster.slots_of_host(host);
  }
  const auto [least, most] = std::minmax_element(slots.begin(), slots.end());
  return range_text(*least, *most);
}

/// Names of domains, shortened to the first ones.
std::string names_text(const Cluster& cluster, std::size_t level) {
  constexpr int most = 4;
  std::vector<std::string> names;
  for (int domain = 0; domain < std::min(cluster.domain_count(level), most); ++domain) {
    names.push_back(cluster.domain_name(level, domain));
  }
  if (cluster.domain_count(level) > most) names.emplace_back("...");
  return joined(names, ", ");
}

/// `node0 x8, node1 x8, ...`: the hosts of the ranks in order.
std::string order_text(const std::vector<std::string>& host_of_rank) {
  constexpr std::size_t most = 8;
  std::vector<std::string> runs;
  for (std::size_t begin = 0; begin < host_of_rank.size();) {
    std::size_t end = begin;
    while (end < host_of_rank.size() && host_of_rank[end] == host_of_rank[begin]) ++end;
    if (runs.size() == most) {
      runs.emplace_back("...");
      break;
    }
    runs.push_back(host_of_rank[begin] + (end - begin > 1 ? fmt::format(" x{}", end - begin) : ""));
    begin = end;
  }
  return joined(runs, ", ");
}

void print_text(const GivenCluster& given, Writer& out, Style style) {
  const Cluster& cluster = given.cluster;
  const std::string kind = given.file ? fmt::format(" ({})", files::name_of(given.file->kind)) : "";
  out.put(hanging(fmt::format("{}, {}{}", counted(cluster.hosts(), "host"), counted(cluster.slots(), "slot"),
                              kind),
                  style.width()) +
          "\n\n");
  using Align = Table::Align;
  Table table({{"level"}, {"domains", Align::right}, {"slots of each", Align::right}, {"names"}});
  for (std::size_t level = 0; level + 1 < cluster.level_count(); ++level) {
    const bool is_inside = level > cluster.host_level();
    table.add({{cluster.level_name(level), Table::Colour::cyan},
               {fmt::format("{}", cluster.domain_count(level))},
               {is_inside ? fmt::format("{}", *cluster.domain_size(level)) : sizes_text(cluster, level)},
               {names_text(cluster, level)}});
  }
  table.print(out, style);
  if (!given.file) return;
  if (!given.file->host_of_rank.empty()) {
    out.put("\n" +
            hanging(fmt::format("ranks in order ({}): {}", given.file->distribution,
                                order_text(given.file->host_of_rank)),
                    style.width()) +
            "\n");
  }
  if (!given.file->views.empty()) {
    out.put("\n" + hanging("topologies of the file: " + joined(given.file->views, ", "), style.width()) +
            "\n");
  }
}

class ClusterCommand : public RunnableCommand {
 public:
  ClusterCommand()
      : RunnableCommand(
            {.name = "cluster",
             .summary = "The hosts, slots and levels of a cluster, or of a list of hosts",
             .description =
                 "Files are recognised by their contents: SLURM's topology.conf and topology.yaml, the "
                 "variables of a SLURM job, hostlists, hostfiles and rankfiles of Open MPI, hostfiles of "
                 "MPICH, lists of hosts, and TOML (docs/clusters.md).",
             .examples = {"rankmesh cluster 'rack:8 node:18 gpu:4'", "rankmesh cluster 'login,node[01-16]'",
                          "rankmesh cluster /etc/slurm/topology.conf --gpus-per-node 8 --format json",
                          "env | grep ^SLURM_ | rankmesh cluster -"}}),
        cluster_(
            add({.name = "CLUSTER",
                 .description = "a file, - for standard input, a text such as \"rack:8 node:18 gpu:4\", or a "
                                "hostlist such as \"node[01-16]\"",
                 .heading = "Argument",
                 .takes_file = true,
                 .is_required = true})),
        gpus_per_node_(add_gpus_per_node(*this, "the slots of each host for which the file gives none")),
        format_(add_format(*this, {"text", "json"})) {}

  [[nodiscard]] Task read(Problems& problems) const override {
    const bool is_json = format_of(format_, problems) == Format::json;
    const auto slots = gpus_per_node_of(gpus_per_node_, problems);
    const auto text = value_of(cluster_, problems);
    if (!text || !problems.empty()) return {};
    const auto given = read_cluster("CLUSTER", *text, slots, problems);
    if (!given) return {};
    return {.run = [given = *given, slots, is_json](Writer& out, Style style) {
      if (is_json) {
        print_json(given, slots, out);
      } else {
        print_text(given, out, style);
      }
      return success;
    }};
  }

 private:
  const Option& cluster_;
  const Option& gpus_per_node_;
  const Option& format_;
};

}  // namespace

std::unique_ptr<RunnableCommand> make_cluster_command() {
  return std::make_unique<ClusterCommand>();
}

}  // namespace rankmesh::cli
