// The processes of a change of layout, and where they run.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common_options.hpp"
#include "rankmesh/files/error.hpp"
#include "rankmesh/files/file_text.hpp"
#include "rankmesh/files/shown_text.hpp"
#include "rankmesh/topology/text.hpp"
#include "reshard_options.hpp"

namespace rankmesh::cli {
namespace {

/// A list of ranks, in which null is allowed; nothing if there is none.
std::optional<std::vector<std::optional<int>>> ranks_of(const nlohmann::json& json, const char* key) {
  if (!json.is_object() || !json.contains(key) || !json[key].is_array()) return std::nullopt;
  std::vector<std::optional<int>> ranks;
  for (const nlohmann::json& entry : json[key]) {
    const bool is_rank = entry.is_number_unsigned() && entry.get<std::uint64_t>() < INT32_MAX;
    if (!is_rank && !entry.is_null()) return std::nullopt;
    ranks.push_back(is_rank ? std::optional(entry.get<int>()) : std::nullopt);
  }
  return ranks;
}

}  // namespace

std::optional<bool> ReshardArguments::read_processes(int old_world, int new_world, ReshardOptions& options,
                                                     Problems& problems) const {
  const auto path = value_of(survivors_, problems);
  if (!path) return std::nullopt;
  const std::string name = "--survivors: " + files::source_name(*path);
  try {
    const auto json = nlohmann::json::parse(files::file_text(*path, std::size_t{64} << 20), nullptr, false);
    const auto ranks = ranks_of(json, "old_rank_of_rank");
    if (!ranks) {
      problems.push_back(
          name + " has no list old_rank_of_rank of ranks of FROM; null stands for a process that joins");
      return std::nullopt;
    }
    // Processes that join are spares, counted from the old world size on.
    const auto spares = ranks_of(json, "spares_used");
    int joined = old_world;
    for (const auto& rank : *ranks) joined = std::max(joined, rank.value_or(0) + 1);
    std::size_t spare = 0;
    for (const auto& rank : *ranks) {
      const bool is_numbered = !rank && spares && spare < spares->size() && (*spares)[spare];
      if (is_numbered) joined = old_world + *(*spares)[spare++];
      options.old_rank_of_rank.push_back(rank ? *rank : joined++);
    }
    const auto lost = ranks_of(json, "lost");
    const bool is_list = lost && std::none_of(lost->begin(), lost->end(), [](const auto& r) { return !r; });
    if (json.contains("lost") && !is_list) {
      problems.push_back(name + ": lost is no list of ranks of FROM");
    } else if (lost) {
      for (const auto& rank : *lost) options.lost.push_back(*rank);
    }
    if (static_cast<int>(options.old_rank_of_rank.size()) != new_world) {
      problems.push_back(fmt::format("{} has {} in old_rank_of_rank, TO has {}", name,
                                     counted(options.old_rank_of_rank.size(), "rank"), new_world));
      options.old_rank_of_rank.clear();
    }
    const auto distributed = json.find("distributed_optimizer");
    if (distributed != json.end() && distributed->is_boolean()) return distributed->get<bool>();
  } catch (const files::FileError& error) {
    problems.push_back(std::string("--survivors: ") + error.what());
  }
  return std::nullopt;
}

std::optional<PlacedRanks> ReshardArguments::read_places(std::optional<int> ranks, int processes,
                                                         Problems& problems) const {
  const auto text = value_of(cluster_, problems);
  const auto path = value_of(placement_, problems);
  const auto slots = gpus_per_node_of(gpus_per_node_, problems);
  if (!text) {
    if (path) problems.push_back("--placement needs --cluster");
    if (!slots || !ranks || cluster_.count() > 0) return std::nullopt;
    const int all = std::max(*ranks, processes);
    return PlacedRanks{cluster_of_nodes(all, *slots), Placement::identity(all)};
  }
  const auto given = read_cluster("--cluster", *text, slots, problems);
  if (!given || !ranks || !problems.empty()) return std::nullopt;
  auto placement = place_ranks(*given, path, *ranks, problems);
  if (!placement) return std::nullopt;
  return PlacedRanks{given->cluster, *std::move(placement)};
}

std::optional<ProcessPlaces> ReshardArguments::place_joining(const PlacedRanks& where, int ranks,
                                                             int processes, Problems& problems) const {
  const int given = std::min(where.placement.ranks(), processes);
  if (given == processes) return ProcessPlaces{where.cluster, where.placement};
  const std::vector<int> free = where.free_slots(ranks, processes - ranks);
  if (static_cast<int>(free.size()) < processes - ranks) {
    problems.push_back(fmt::format("--cluster: has {}, and FROM and the processes that join need {}",
                                   counted(where.cluster.slots(), "slot"), processes));
    return std::nullopt;
  }
  std::vector<int> slots;
  for (int rank = 0; rank < ranks; ++rank) slots.push_back(where.placement.slot_of(rank));
  slots.insert(slots.end(), free.begin(), free.end());
  return ProcessPlaces{where.cluster, Placement(std::move(slots))};
}

}  // namespace rankmesh::cli
