#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "print/survive.hpp"
#include "rankmesh/output/table.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string name_of(const SweptJob& job, std::size_t domain) {
  return job.where.cluster.domain_name(job.level, static_cast<int>(domain));
}

void print_json(const SweptJob& job, Writer& out) {
  const Json level = job.where.cluster.level_name(job.level);
  const Json worst = name_of(job, static_cast<std::size_t>(job.sweep.worst));
  out.put(
      fmt::format("{{\"level\": {},\n \"replicas\": {},\n \"replica_size\": {},\n \"worst\": {},\n "
                  "\"domains\": [",
                  level.dump(), job.sweep.replicas, job.sweep.replica_size, worst.dump()));
  std::string_view separator = "\n  ";
  for (std::size_t domain = 0; domain < job.sweep.domains.size(); ++domain) {
    const LossCost& cost = job.sweep.domains[domain];
    const Json json = {{"name", name_of(job, domain)},         {"lost", cost.lost},
                       {"lost_spares", cost.lost_spares},      {"lost_replicas", cost.lost_replicas},
                       {"replicas_left", cost.replicas_left},  {"idle", cost.idle},
                       {"spares_used", cost.spares_used},      {"gone_weights", cost.gone_weights},
                       {"gone_optimizer", cost.gone_optimizer}};
    out.put(separator);
    out.put(json.dump());
    separator = ",\n  ";
  }
  out.put("\n ]}\n");
}

/// Domains whose loss costs the same.
struct Alike {
  LossCost cost{};
  std::size_t first = 0;
  int count = 0;
};

/// The worst first; the others in the order of their first domain.
std::vector<Alike> alike(const SweptJob& job) {
  std::vector<Alike> result;
  const auto add = [&](std::size_t domain) {
    const LossCost& cost = job.sweep.domains[domain];
    const auto same =
        std::find_if(result.begin(), result.end(), [&](const Alike& a) { return a.cost == cost; });
    if (same != result.end()) return same->count++;
    result.push_back({cost, domain, 1});
    return 0;
  };
  const auto worst = static_cast<std::size_t>(job.sweep.worst);
  add(worst);
  for (std::size_t domain = 0; domain < job.sweep.domains.size(); ++domain) {
    if (domain != worst) add(domain);
  }
  return result;
}

}  // namespace

void print_sweep(const SweptJob& job, bool as_json, Writer& out, Style style) {
  if (as_json) return print_json(job, out);
  const std::string& level = job.where.cluster.level_name(job.level);
  const auto put_line = [&](const std::string& text) { out.put(hanging(text, style.width()) + "\n"); };
  const auto worst = static_cast<std::size_t>(job.sweep.worst);
  const LossCost& cost = job.sweep.domains[worst];
  put_line(fmt::format("{} with {} of {}, and {}; any one of {} is lost",
                       counted(job.topology.world_size(), "rank"), counted(job.sweep.replicas, "replica"),
                       counted(job.sweep.replica_size, "rank"), counted(job.options.spares, "spare"),
                       counted(job.sweep.domains.size(), level)));
  if (cost.replicas_left == 0) {
    put_line(fmt::format("worst: {}, after which no replica can be made", name_of(job, worst)));
  } else {
    put_line(fmt::format("worst: {}, after which {} of {} replicas are left and {} idle", name_of(job, worst),
                         cost.replicas_left, job.sweep.replicas,
                         cost.idle == 1   ? "1 rank is"
                         : cost.idle == 0 ? "no rank is"
                                          : fmt::format("{} ranks are", cost.idle)));
  }
  // Every lost rank needs a spare that is left.
  int more = 0;
  for (const LossCost& other : job.sweep.domains)
    more = std::max(more, other.lost + other.lost_spares - job.options.spares);
  put_line(more == 0 ? fmt::format("no loss of one {} ends a replica", level)
                     : fmt::format("with {} outside the cluster, no loss of one {} ends a replica",
                                   counted(more, "more spare"), level));
  out.put("\n");
  using Align = Table::Align;
  Table table({{"count", Align::right},
               {"first"},
               {"lost", Align::right},
               {"spares lost", Align::right},
               {"incomplete", Align::right},
               {"left", Align::right},
               {"idle", Align::right},
               {"spares used", Align::right},
               {"weights gone", Align::right},
               {"optimizer gone", Align::right}});
  constexpr std::size_t most = 16;
  const std::vector<Alike> rows = alike(job);
  for (std::size_t i = 0; i < std::min(rows.size(), most); ++i) {
    const auto number = [](int value) { return Table::Cell{fmt::format("{}", value)}; };
    const LossCost& row = rows[i].cost;
    table.add({number(rows[i].count),
               {name_of(job, rows[i].first), Table::Colour::cyan},
               number(row.lost),
               number(row.lost_spares),
               number(row.lost_replicas),
               number(row.replicas_left),
               number(row.idle),
               number(row.spares_used),
               number(row.gone_weights),
               number(row.gone_optimizer)});
  }
  table.print(out, style);
  if (rows.size() > most)
    out.put(fmt::format("... and {} more; --format json lists all\n", rows.size() - most));
}

}  // namespace rankmesh::cli
