#include "job_hosts.hpp"

#include <algorithm>
#include <vector>

#include "rankmesh/nccl/fabric.hpp"
#include "rankmesh/topology/best_placement.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::bringup {
namespace {

/// Where the groups of a kind lie, at each level but the innermost.
std::vector<LevelSpan> spans_of(const GroupFamily& family, const Cluster& cluster,
                                const Placement& placement) {
  return cluster_spans(family, cluster, placement).levels;
}

/// An order of Megatron-Core's axes that costs as little as the best placement, and keeps a kind inside of
/// hosts; if ranks are on the slots in order.
std::optional<std::string> order_for(const Topology& topology, GroupKind kind, const FoundHosts& hosts,
                                     double cost) {
  const Placement in_order = Placement::identity(topology.world_size());
  if (Placement(hosts.slot_of_rank).slots() != in_order.slots()) return std::nullopt;
  const auto order = order_with_cost(topology, hosts.cluster, {.kinds = default_weights(topology)}, cost);
  if (!order) return std::nullopt;
  ParallelConfig changed = topology.config();
  changed.order = *order;
  const Topology other(changed);
  const auto spans = spans_of(other.family(kind), hosts.cluster, in_order);
  return spans[hosts.cluster.host_level()].crossing_groups == 0 ? order : std::nullopt;
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
  // Found when a kind crosses hosts, since the search takes its time.
  std::optional<NewRanks> best;
  // Kinds with the same groups, which need not cross.
  std::vector<std::vector<const KindReport*>> avoidable;
  for (KindReport& kind : report.kinds) {
    const GroupFamily& family = topology.family(kind.kind);
    if (family.group_size() < 2) continue;
    const std::vector<LevelSpan> here = spans_of(family, cluster, now);
    const std::vector<LevelSpan> earlier = spans_of(family, cluster, before);
    for (std::size_t i = 0; i < here.size(); ++i) {
      kind.spans.push_back({here[i].fewest, here[i].most, earlier[i].most, here[i].crossing_groups});
    }
    if (here[level].crossing_groups == 0) continue;
    if (!best) best = place_ranks(topology, *hosts.found, {});
    if (spans_of(family, cluster, best->placement)[level].crossing_groups > 0) continue;
    const auto known =
        std::find_if(avoidable.begin(), avoidable.end(), [&](const std::vector<const KindReport*>& others) {
          return topology.family(others.front()->kind).same_groups(family);
        });
    if (known == avoidable.end()) {
      avoidable.push_back({&kind});
    } else {
      known->push_back(&kind);
    }
  }
  for (const std::vector<const KindReport*>& kinds : avoidable) {
    const auto order = order_for(topology, kinds.front()->kind, *hosts.found, best->cost_after);
    out.warnings.push_back(joined(kinds, ", ", [](const KindReport* kind) { return kind->kind.name(); }) +
                           " groups touch up to " + counted(kinds.front()->spans[level].most, "host") +
                           " though each has room on one: " + (order ? "--order " + *order + " or " : "") +
                           "--place (in code, mpi::place) keeps them inside");
  }
}

}  // namespace rankmesh::bringup
