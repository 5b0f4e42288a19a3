#include "print/placed_job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "rankmesh/options/options.hpp"
#include "rankmesh/output/table.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

std::string host_name(const Cluster& cluster, int host) {
  return cluster.domain_name(cluster.host_level(), host);
}

/// Consecutive ranks on one host.
struct Run {
  int host = 0;
  int ranks = 0;
};

std::vector<Run> runs_of(const PlacedJob& job) {
  std::vector<Run> runs;
  for (int rank = 0; rank < job.topology.world_size(); ++rank) {
    const int host = job.cluster.host_of(job.best.placement.slot_of(rank));
    if (runs.empty() || runs.back().host != host) runs.push_back({host, 0});
    ++runs.back().ranks;
  }
  return runs;
}

bool has_each_host_once(const std::vector<Run>& runs) {
  std::set<int> hosts;
  return std::all_of(runs.begin(), runs.end(), [&](const Run& run) { return hosts.insert(run.host).second; });
}

/// The spans of a kind at a level before and after.
struct SpanChange {
  GroupKind kind;
  std::string level{};
  LevelSpan before{};
  LevelSpan after{};
  int groups = 0;
};

std::vector<SpanChange> span_changes(const PlacedJob& job) {
  std::vector<SpanChange> changes;
  const Placement identity = Placement::identity(job.topology.world_size());
  for (const KindWeight& weighted : job.weights.kinds) {
    const KindFamily& kind = *job.topology.find_kind(weighted.kind);
    if (kind.family.group_size() < 2) continue;
    const ClusterSpans before = cluster_spans(kind.family, job.cluster, identity);
    const ClusterSpans after = cluster_spans(kind.family, job.cluster, job.best.placement);
    for (std::size_t level = 0; level < before.levels.size(); ++level) {
      changes.push_back({kind.kind, job.cluster.level_name(level), before.levels[level], after.levels[level],
                         kind.family.group_count()});
    }
  }
  return changes;
}

std::string span_text(const LevelSpan& span, int groups) {
  const std::string range =
      span.fewest == span.most ? fmt::format("{}", span.most) : fmt::format("{}-{}", span.fewest, span.most);
  if (span.most == 1 || span.crossing_groups == groups) return range;
  return range + fmt::format(" ({} of {} groups cross)", span.crossing_groups, groups);
}

/// The change that saves the most crossing groups, as a sentence.
std::string reason(const PlacedJob& job, const std::vector<SpanChange>& changes) {
  if (job.best.placement.is_identity()) {
    return "Ranks in their own order are as good as any other placement that was found.";
  }
  const SpanChange* best = nullptr;
  const SpanChange* worst = nullptr;
  const auto gain = [](const SpanChange& change) {
    return static_cast<double>(change.before.crossing_groups - change.after.crossing_groups) +
           static_cast<double>(change.before.most - change.after.most);
  };
  for (const SpanChange& change : changes) {
    if (gain(change) > 0 && (best == nullptr || gain(change) > gain(*best))) best = &change;
    if (gain(change) < 0 && (worst == nullptr || gain(change) < gain(*worst))) worst = &change;
  }
  if (best == nullptr) return "Fewer members of the groups lie in different domains.";
  std::string text = fmt::format("{} groups touch at most {} instead of {}", best->kind.name(),
                                 counted(best->after.most, best->level), best->before.most);
  if (worst != nullptr) {
    text += fmt::format(", at the price of {} groups, which weigh less and touch {} instead of {}",
                        worst->kind.name(), counted(worst->after.most, worst->level), worst->before.most);
  }
  return text + ".";
}

void print_how_to_start(const PlacedJob& job, Writer& out, Style style) {
  const auto put = [&](const std::string& text) { out.put(hanging(text, style.width()) + "\n"); };
  out.put("\nto start it\n");
  if (job.best.placement.is_identity()) {
    put("  ranks in order, host after host: mpiexec --map-by slot, srun --distribution=block, or torchrun "
        "with the "
        "nodes in order");
    return;
  }
  const int ranks = job.topology.world_size();
  if (job.order)
    put(fmt::format("  without reordering: --order {} gives groups that cross no more often", *job.order));
  put(fmt::format(
      "  Open MPI: --format rankfile > ranks.txt; mpiexec -n {} --map-by rankfile:file=ranks.txt PROGRAM",
      ranks));
  put(
      fmt::format("  SLURM: --format slurm > hosts.txt; SLURM_HOSTFILE=hosts.txt srun -n {} "
                  "--distribution=arbitrary PROGRAM",
                  ranks));
  const std::string reason = why_not_torchrun(job);
  put("  torchrun: " +
      (reason.empty() ? "--format torchrun prints the --node-rank of each host" : "not possible, " + reason));
}

void print_text(const PlacedJob& job, Writer& out, Style style) {
  const std::vector<SpanChange> changes = span_changes(job);
  out.put(
      hanging(fmt::format("{} on {}", counted(job.topology.world_size(), "rank"), job.cluster.to_string()),
              style.width()) +
      "\n\n");
  Table table({{"kind"}, {"level"}, {"domains touched before"}, {"after"}});
  for (const SpanChange& change : changes) {
    table.add({{std::string(change.kind.name()), Table::Colour::cyan},
               {change.level},
               {span_text(change.before, change.groups)},
               {span_text(change.after, change.groups)}});
  }
  table.print(out, style);
  out.put("\n" +
          hanging(fmt::format("cost: {} before, {} after", decimal_text(job.best.cost_before),
                              decimal_text(job.best.cost_after)),
                  style.width()) +
          "\n");
  out.put(hanging(reason(job, changes), style.width()) + "\n");
  print_how_to_start(job, out, style);
}

void print_json(const PlacedJob& job, Writer& out) {
  using Json = nlohmann::ordered_json;
  out.put(fmt::format("{{\"cluster\": {},\n \"slot_of_rank\": [", Json(job.cluster.to_string()).dump()));
  for (int rank = 0; rank < job.topology.world_size(); ++rank) {
    if (rank > 0) out.put(',');
    out.number(job.best.placement.slot_of(rank));
  }
  out.put(fmt::format("],\n \"order\": {},\n \"spans\": [", job.order ? Json(*job.order).dump() : "null"));
  std::string_view separator = "\n  ";
  for (const SpanChange& change : span_changes(job)) {
    const Json json = {{"kind", change.kind.name()},
                       {"level", change.level},
                       {"before", change.before.most},
                       {"after", change.after.most},
                       {"crossing_before", change.before.crossing_groups},
                       {"crossing_after", change.after.crossing_groups}};
    out.put(separator);
    out.put(json.dump());
    separator = ",\n  ";
  }
  out.put(fmt::format("\n ],\n \"cost\": {}}}\n",
                      Json({{"before", job.best.cost_before}, {"after", job.best.cost_after}}).dump()));
}

void print_hostfile(const PlacedJob& job, Writer& out) {
  const std::vector<Run> runs = runs_of(job);
  const bool by_slot = has_each_host_once(runs);
  if (!by_slot) {
    out.put("# a line for each rank: use mpiexec --map-by seq\n");
  } else if (runs.size() > 1) {
    out.put(fmt::format("# Open MPI keeps this order only where mpiexec runs on {} or on none of the hosts\n",
                        host_name(job.cluster, runs.front().host)));
  }
  for (const Run& run : runs) {
    const std::string name = host_name(job.cluster, run.host);
    if (by_slot) {
      out.put(fmt::format("{} slots={}\n", name, run.ranks));
    } else {
      for (int i = 0; i < run.ranks; ++i) out.put(name + "\n");
    }
  }
}

}  // namespace

std::string why_not_torchrun(const PlacedJob& job) {
  const std::vector<Run> runs = runs_of(job);
  if (!has_each_host_once(runs)) return "since a host has ranks that are not consecutive";
  for (const Run& run : runs) {
    if (run.ranks != runs.front().ranks) return "since hosts have different numbers of ranks";
  }
  return "";
}

void print_placement(const PlacedJob& job, PlacementFormat format, Writer& out, Style style) {
  const Placement& placement = job.best.placement;
  switch (format) {
    case PlacementFormat::text:
      return print_text(job, out, style);
    case PlacementFormat::json:
      return print_json(job, out);
    case PlacementFormat::hostfile:
      return print_hostfile(job, out);
    case PlacementFormat::hydra:
      for (const Run& run : runs_of(job))
        out.put(fmt::format("{}:{}\n", host_name(job.cluster, run.host), run.ranks));
      return;
    case PlacementFormat::torchrun: {
      int node = 0;
      for (const Run& run : runs_of(job))
        out.put(fmt::format("{} {}\n", node++, host_name(job.cluster, run.host)));
      return;
    }
    case PlacementFormat::rankfile:
    case PlacementFormat::slurm:
    case PlacementFormat::ranks:
      break;
  }
  for (int rank = 0; rank < job.topology.world_size(); ++rank) {
    const int slot = placement.slot_of(rank);
    const std::string host = host_name(job.cluster, job.cluster.host_of(slot));
    if (format == PlacementFormat::ranks) {
      out.put(fmt::format("{}\n", slot));
    } else if (format == PlacementFormat::slurm) {
      out.put(host + "\n");
    } else {
      out.put(fmt::format("rank {}={} slot={}\n", rank, host, job.cluster.local_index(slot)));
    }
  }
}

}  // namespace rankmesh::cli
