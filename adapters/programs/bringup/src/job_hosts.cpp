#include "job_hosts.hpp"

#include <utility>
#include <vector>

#include "rankmesh/nccl/fabric.hpp"
#include "rankmesh/output/crossing_text.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::bringup {
namespace {

/// Where the groups of a kind lie, at each level but the innermost.
std::vector<LevelSpan> spans_of(const GroupFamily& family, const Cluster& cluster,
                                const Placement& placement) {
  return cluster_spans(family, cluster, placement).levels;
}

/// What ends a crossing in this job: an option of the program, or what `crossings` found.
std::string remedy_here(const Crossing& crossing, const Topology& topology, const FoundHosts& hosts,
                        const Placement& best) {
  std::vector<std::string> options;
  if (crossing.remedy->sort == CrossingRemedy::Sort::order)
    options.push_back("--order " + crossing.remedy->order);
  const LevelSpan placed = level_span(topology.family(crossing.kind), hosts.cluster, best, crossing.level);
  if (placed.most <= crossing.needed) options.emplace_back("--place (in code, mpi::place)");
  if (options.empty()) return cli::remedy_text(*crossing.remedy);
  return joined(options, " or ") + " keeps them together";
}

/// The warnings of `rankmesh show --cluster`, with what helps in this job.
std::vector<std::string> warnings_of(const Topology& topology, const FoundHosts& hosts,
                                     const Placement& now) {
  std::vector<std::string> warnings;
  // Found when a kind crosses hosts, since the search takes its time.
  std::optional<NewRanks> best;
  for (const Crossing& crossing : crossings(topology, hosts.cluster, now)) {
    std::string text = to_text(crossing, topology, hosts.cluster, now);
    if (crossing.remedy) {
      if (!best) best = place_ranks(topology, hosts, {});
      text += "; " + remedy_here(crossing, topology, hosts, best->placement);
    }
    warnings.push_back(std::move(text));
  }
  return warnings;
}

}  // namespace

HostIdentity host_of_process(const Settings& settings) {
  if (settings.host) return *settings.host;
  HostIdentity host = this_host();
  host.fabric = nccl::nvlink_fabric();
  return host;
}

std::optional<mpi::Placed> place_if_asked(const Settings& settings, mpi::Options options) {
  if (!settings.places) return std::nullopt;
  options.on_progress = {};
  return mpi::place(MPI_COMM_WORLD, settings.config, {.bring_up = std::move(options)});
}

JobHosts find_job_hosts(MPI_Comm communicator, mpi::Options options) {
  try {
    return {.found = mpi::find_hosts(communicator, options)};
  } catch (const HostError& error) {
    return {.problem = error.what()};
  }
}

void report_hosts(const Topology& topology, const JobHosts& hosts, const std::optional<mpi::Placed>& placed,
                  Report& report) {
  HostsReport& out = report.hosts;
  if (!hosts.found) {
    out.warnings = {hosts.problem + "; so it is not reported which hosts groups touch"};
    return;
  }
  const Cluster& cluster = hosts.found->cluster;
  const std::size_t level = cluster.host_level();
  for (int host = 0; host < cluster.hosts(); ++host) {
    out.hosts.push_back({cluster.domain_name(level, host), cluster.slots_of_host(host)});
  }
  for (const int slot : hosts.found->slot_of_rank) out.host_of_rank.push_back(cluster.host_of(slot));
  for (std::size_t i = 0; i <= level; ++i) out.levels.push_back(cluster.level_name(i));
  const Placement now(hosts.found->slot_of_rank);
  std::vector<int> slot_before = hosts.found->slot_of_rank;
  if (placed) {
    out.is_renumbered = placed->ranks.is_changed();
    out.rank_before = placed->ranks.rank_before;
    for (std::size_t rank = 0; rank < slot_before.size(); ++rank) {
      slot_before[static_cast<std::size_t>(out.rank_before[rank])] = hosts.found->slot_of_rank[rank];
    }
  }
  const Placement before(std::move(slot_before));
  for (KindReport& kind : report.kinds) {
    const GroupFamily& family = topology.family(kind.kind);
    if (family.group_size() < 2) continue;
    const std::vector<LevelSpan> here = spans_of(family, cluster, now);
    const std::vector<LevelSpan> earlier = spans_of(family, cluster, before);
    for (std::size_t i = 0; i < here.size(); ++i) {
      kind.spans.push_back({here[i].fewest, here[i].most, earlier[i].most, here[i].crossing_groups});
    }
  }
  out.warnings = warnings_of(topology, *hosts.found, now);
}

}  // namespace rankmesh::bringup
