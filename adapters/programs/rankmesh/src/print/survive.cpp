#include "print/survive.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "rankmesh/output/table.hpp"
#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/text.hpp"
#include "state_arguments.hpp"

namespace rankmesh::cli {
namespace {

using Json = nlohmann::ordered_json;

Json ranks_json(const std::vector<GoneState>& gone) {
  Json lists = Json::array();
  for (const GoneState& state : gone) lists.push_back(state.ranks);
  return lists;
}

Json source_json(const StateSource& source, const StateHolders& holders, bool is_redivided) {
  Json json = {{"rank", source.rank}, {"from", source.dense}};
  if (holders.expert) json["expert_from"] = source.expert;
  if (!holders.distributed_optimizer || is_redivided) return json;
  json["optimizer_from"] = source.dense_optimizer;
  if (holders.expert) json["expert_optimizer_from"] = source.expert_optimizer;
  return json;
}

Json gone_json(const Survival& survival, const StateHolders& holders) {
  Json json = {{"dense", ranks_json(survival.gone_dense)}};
  if (holders.expert) json["expert"] = ranks_json(survival.gone_expert);
  json["dense_optimizer"] = ranks_json(survival.gone_dense_optimizer);
  if (holders.expert) json["expert_optimizer"] = ranks_json(survival.gone_expert_optimizer);
  return json;
}

/// The spares by their numbers among all.
std::vector<int> spares_used(const LostJob& job) {
  std::vector<int> numbers;
  for (const int spare : job.survival.spares_used)
    numbers.push_back(job.spares[static_cast<std::size_t>(spare)]);
  return numbers;
}

void print_json(const LostJob& job, Writer& out) {
  const Survival& survival = job.survival;
  const StateHolders holders = state_holders(job.topology, job.options.state);
  std::string_view separator = "{";
  const auto put = [&](const char* key, const Json& value) {
    out.put(separator);
    out.put(fmt::format("\"{}\": {}", key, value.dump()));
    separator = ",\n ";
  };
  put("lost", survival.lost);
  put("replicas", survival.replicas);
  put("replica_size", survival.replica_size);
  put("lost_replicas", survival.lost_replicas);
  put("dropped_replicas", survival.dropped_replicas);
  put("config", to_string(survival.config));
  Json old_ranks = Json::array();
  for (const int process : survival.old_rank_of_rank)
    old_ranks.push_back(process < job.topology.world_size() ? Json(process) : Json());
  put("old_rank_of_rank", old_ranks);
  put("idle", survival.idle);
  put("spares_used", spares_used(job));
  Json sources = Json::array();
  for (const StateSource& source : survival.sources)
    sources.push_back(source_json(source, holders, survival.optimizer_is_redivided));
  put("state_sources", sources);
  put("distributed_optimizer", holders.distributed_optimizer);
  put("optimizer_is_redivided", survival.optimizer_is_redivided);
  put("gone", gone_json(survival, holders));
  if (!job.layouts.empty()) {
    Json layouts = Json::array();
    for (const FittingLayout& layout : job.layouts)
      layouts.push_back({{"config", to_string(layout.config)}, {"idle", layout.idle}});
    put("largest_layouts", layouts);
  }
  out.put("}\n");
}

/// Whether processes of several hosts are all those of these hosts: `15 whole nodes`. Empty if they are not.
std::string whole_hosts(const LostJob& job, const std::vector<int>& ranks) {
  if (!job.where || ranks.empty()) return "";
  const Cluster& cluster = job.where->cluster;
  std::set<int> hosts;
  for (const int rank : ranks) hosts.insert(cluster.host_of(job.where->placement.slot_of(rank)));
  int slots = 0;
  for (const int host : hosts) slots += cluster.slots_of_host(host);
  if (slots != static_cast<int>(ranks.size())) return "";
  return counted(hosts.size(), "whole " + cluster.level_name(cluster.host_level()));
}

/// What keeps all replicas: `one spare node of 8 suffices`, `3 spares suffice`.
std::string remedy_text(const LostJob& job) {
  const auto lost = static_cast<int>(job.survival.lost.size());
  const std::string purpose = fmt::format(" to keep all {} replicas", job.survival.replicas);
  if (!job.where)
    return fmt::format("{} {}{}", counted(lost, "spare"), lost == 1 ? "suffices" : "suffice", purpose);
  const Cluster& cluster = job.where->cluster;
  int most = 0;
  for (int host = 0; host < cluster.hosts(); ++host) most = std::max(most, cluster.slots_of_host(host));
  const int nodes = (lost + most - 1) / most;
  const std::string& node = cluster.level_name(cluster.host_level());
  if (nodes == 1) return fmt::format("one spare {} of {} suffices{}", node, counted(most, "slot"), purpose);
  return fmt::format("{} spare {}s of {} suffice{}", nodes, node, counted(most, "slot"), purpose);
}

std::string lost_text(const LostJob& job) {
  const Survival& survival = job.survival;
  std::string text =
      fmt::format("lost: {} of {}", survival.lost.size(), counted(job.topology.world_size(), "rank"));
  if (!survival.lost.empty()) text += ": " + ranges_text(survival.lost);
  if (!job.loss.hosts.empty()) {
    const Cluster& cluster = job.where->cluster;
    constexpr std::size_t most = 4;
    std::vector<std::string> names;
    for (const int host : job.loss.hosts) {
      if (names.size() == most) break;
      names.push_back(cluster.domain_name(cluster.host_level(), host));
    }
    if (job.loss.hosts.size() > most) names.emplace_back("...");
    text += (job.loss.names_ranks ? ", among them all on " : " on ") + joined(names, ", ");
  }
  const auto lost_spares = job.options.spares - static_cast<int>(job.spares.size());
  if (lost_spares > 0)
    text += fmt::format(", and {} of {}", lost_spares, counted(job.options.spares, "spare"));
  return text;
}

std::string replicas_text(const Survival& survival) {
  if (survival.lost_replicas.empty()) return fmt::format("replicas: all {} are complete", survival.replicas);
  const auto lost = static_cast<int>(survival.lost_replicas.size());
  return fmt::format("replicas: {} of {} {} incomplete: {} ({} each)", lost, survival.replicas,
                     lost == 1 ? "is" : "are", ranges_text(survival.lost_replicas),
                     counted(survival.replica_size, "rank"));
}

std::string layout_text(const LostJob& job) {
  const Survival& survival = job.survival;
  const auto dropped = static_cast<int>(survival.dropped_replicas.size());
  std::string text = "new layout: " + to_string(survival.config);
  if (dropped == 0) {
    text += ", as before";
  } else {
    text += fmt::format(", {} of {} replicas; dropped: {}", survival.replicas - dropped, survival.replicas,
                        ranges_text(survival.dropped_replicas));
  }
  return text;
}

std::string idle_text(const LostJob& job) {
  const std::vector<int>& idle = job.survival.idle;
  if (idle.empty()) return "idle: no survivor";
  const std::string hosts = whole_hosts(job, idle);
  return fmt::format("idle: {}{}: {}", counted(idle.size(), "rank"), hosts.empty() ? "" : ", " + hosts,
                     ranges_text(idle));
}

std::string spares_answer(const LostJob& job) {
  const Survival& survival = job.survival;
  std::string text = "spares: ";
  if (!survival.spares_used.empty()) {
    text += fmt::format("{} of {} used: {}", survival.spares_used.size(), job.options.spares,
                        ranges_text(spares_used(job)));
  } else {
    text += job.options.spares == 0 ? "none" : fmt::format("none of {} used", job.options.spares);
  }
  if (!survival.dropped_replicas.empty()) text += "; " + remedy_text(job);
  return text;
}

std::string process_text(const LostJob& job, int process) {
  const int world = job.topology.world_size();
  if (process < world) return fmt::format("old rank {}", process);
  return fmt::format("spare {}", job.spares[static_cast<std::size_t>(process - world)]);
}

/// Who can send: holders, or the process itself, or a checkpoint.
std::string holders_text(const std::vector<int>& holders, int process) {
  if (holders.empty()) return "a checkpoint";
  if (std::binary_search(holders.begin(), holders.end(), process)) return "has it";
  return ranges_text(holders);
}

void print_sources(const LostJob& job, const StateHolders& holders, Writer& out, Style style) {
  const Survival& survival = job.survival;
  if (survival.sources.empty()) {
    out.put(hanging("weights: each rank of the new layout has its weights already, and none has to be sent",
                    style.width()) +
            "\n");
    return;
  }
  constexpr std::size_t most = 16;
  const bool with_optimizer = holders.distributed_optimizer && !survival.optimizer_is_redivided;
  out.put(
      hanging(fmt::format("{} of the new layout {} state that any one of the old ranks in a list can send:",
                          counted(survival.sources.size(), "rank"),
                          survival.sources.size() == 1 ? "needs" : "need"),
              style.width()) +
      "\n\n");
  Table table({{"new rank", Table::Align::right},
               {"process"},
               {holders.expert ? "dense weights" : "weights"},
               {holders.expert ? "experts" : ""},
               {with_optimizer ? "optimizer" : ""},
               {with_optimizer && holders.expert ? "optimizer of experts" : ""}});
  for (std::size_t i = 0; i < std::min(survival.sources.size(), most); ++i) {
    const StateSource& source = survival.sources[i];
    const auto cell = [&](bool is_there, const std::vector<int>& list) {
      return Table::Cell{is_there ? holders_text(list, source.process) : ""};
    };
    table.add({{fmt::format("{}", source.rank), Table::Colour::cyan},
               {process_text(job, source.process)},
               cell(true, source.dense),
               cell(holders.expert.has_value(), source.expert),
               cell(with_optimizer, source.dense_optimizer),
               cell(with_optimizer && holders.expert, source.expert_optimizer)});
  }
  table.print(out, style);
  if (survival.sources.size() > most)
    out.put(fmt::format("... and {} more; --format json lists all\n", survival.sources.size() - most));
}

void put_line(Writer& out, Style style, const std::string& text) {
  out.put(hanging(text, style.width()) + "\n");
}

void print_gone(const LostJob& job, const StateHolders& holders, Writer& out, Style style) {
  const Survival& survival = job.survival;
  const auto put = [&](const std::string& what, const std::vector<GoneState>& gone) {
    if (gone.empty()) return;
    std::vector<int> ranks;
    for (const GoneState& state : gone) ranks.insert(ranks.end(), state.ranks.begin(), state.ranks.end());
    std::sort(ranks.begin(), ranks.end());
    put_line(out, style,
             fmt::format("gone: {} that only lost ranks had ({}); load {} from a checkpoint", what,
                         ranges_text(ranks), gone.size() == 1 ? "it" : "them"));
  };
  const auto part = [](std::size_t count, const std::string& what) {
    return counted(count, "part") + " of " + what;
  };
  put(part(survival.gone_dense.size(), holders.expert ? "the dense weights" : "the weights"),
      survival.gone_dense);
  put(part(survival.gone_expert.size(), "the experts' weights"), survival.gone_expert);
  if (holders.distributed_optimizer) {
    put(part(survival.gone_dense_optimizer.size(), "the optimizer's state"), survival.gone_dense_optimizer);
    put(part(survival.gone_expert_optimizer.size(), "the experts' optimizer's state"),
        survival.gone_expert_optimizer);
  }
  put_line(out, style,
           optimizer_text(holders.distributed_optimizer) +
               (survival.optimizer_is_redivided
                    ? "; now divided among fewer replicas, so that all ranks need other parts"
                    : ""));
}

/// The command that says how many bytes are sent, if some are.
void print_next(const LostJob& job, Writer& out, Style style) {
  if (job.survival.sources.empty() && !job.survival.optimizer_is_redivided) return;
  const std::vector<std::string>& copies = job.options.state.copy_axes;
  out.put("\n");
  put_line(
      out, style,
      fmt::format("how much each rank sends: rankmesh reshard '{}' '{}' --model FILE{} --survivors ANSWER, "
                  "where ANSWER is what this command prints with --format json",
                  to_string(job.topology.config()), to_string(job.survival.config),
                  copies.empty() ? "" : " --copy-axes " + joined(copies, ",")));
}

void print_layouts(const LostJob& job, Writer& out, Style style) {
  if (job.layouts.empty()) return;
  constexpr std::size_t most = 8;
  out.put("\n");
  put_line(out, style, "largest layouts, if a checkpoint is loaded into other sizes:");
  out.put("\n");
  Table table({{"idle", Table::Align::right}, {"layout"}});
  for (std::size_t i = 0; i < std::min(job.layouts.size(), most); ++i)
    table.add({{fmt::format("{}", job.layouts[i].idle)}, {to_string(job.layouts[i].config)}});
  table.print(out, style);
}

}  // namespace

void print_survival(const LostJob& job, bool as_json, Writer& out, Style style) {
  if (as_json) return print_json(job, out);
  const StateHolders holders = state_holders(job.topology, job.options.state);
  put_line(out, style, lost_text(job));
  put_line(out, style, replicas_text(job.survival));
  put_line(out, style, layout_text(job));
  put_line(out, style, spares_answer(job));
  put_line(out, style, idle_text(job));
  print_gone(job, holders, out, style);
  print_sources(job, holders, out, style);
  print_next(job, out, style);
  print_layouts(job, out, style);
}

}  // namespace rankmesh::cli
