#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "print/reshard.hpp"
#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/state_holders.hpp"

namespace rankmesh::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Json bytes_json(const StateBytes& bytes) {
  return {
      {"moved_bytes", bytes.moved}, {"kept_bytes", bytes.kept}, {"checkpoint_bytes", bytes.from_checkpoint}};
}

Json layout_json(const StateLayout& layout) {
  return {{"config", to_string(layout.topology.config())},
          {"world_size", layout.topology.world_size()},
          {"pipeline_layout", layout.layers.to_string()},
          {"distributed_optimizer", state_holders(layout.topology, layout.state).distributed_optimizer}};
}

std::string_view name_of(StatePlace place) {
  constexpr std::array<std::string_view, 6> names{"layers",         "mtp",   "embedding",
                                                  "tied_embedding", "first", "last"};
  return names[static_cast<std::size_t>(place)];
}

Json class_json(const StateClass& row, const StateBytes& bytes) {
  Json json{{"name", row.name},
            {"place", name_of(row.place)},
            {"experts", row.experts},
            {"is_split", row.is_split},
            {"units", row.units},
            {"unit_elements", row.unit_elements},
            {"element_bytes", row.element_bytes},
            {"padded_to", row.padded_to},
            {"is_sharded", row.is_sharded},
            {"interval_counts", row.is_sharded ? "elements" : "units"}};
  Json layers = nullptr;
  if (!row.layers.empty()) {
    layers = Json::array();
    for (const IndexRange& range : row.layers) layers.push_back({range.first, range.end()});
  }
  json["layers"] = std::move(layers);
  json.update(bytes_json(bytes));
  return json;
}

/// A list of a JSON object, with an entry on each line.
template <typename Put>
void put_lines(Writer& out, std::string_view name, std::size_t count, Put put) {
  out.put(",\n \"");
  out.put(name);
  out.put("\": [");
  for (std::size_t i = 0; i < count; ++i) {
    out.put(i == 0 ? "\n  " : ",\n  ");
    put(i);
  }
  out.put(count == 0 ? "]" : "\n ]");
}

void put_range(Writer& out, std::string_view name, const IndexRange& range) {
  out.put(", \"");
  out.put(name);
  out.put("\": [");
  out.number(range.first);
  out.put(", ");
  out.number(range.end());
  out.put(']');
}

/// Written piece by piece, because there may be millions.
void put_move(Writer& out, const ReshardJob& job, const StateMove& move) {
  const StateClass& row = job.classes[move.state];
  const bool is_of_layers = row.place == StatePlace::layers || row.place == StatePlace::mtp;
  out.put("{\"class\": \"");
  out.put(row.name);
  out.put('"');
  if (is_of_layers) put_range(out, "layers", move.block.layers);
  if (row.experts > 0) put_range(out, "experts", move.block.experts);
  put_range(out, "interval", move.block.interval);
  out.put(", \"from\": ");
  if (move.from) {
    out.number(*move.from);
  } else {
    out.put("null");
  }
  out.put(", \"to\": ");
  out.number(move.to);
  out.put(", \"bytes\": ");
  out.number(move.block.size() * row.step_bytes());
  out.put('}');
}

Json totals_json(const ReshardJob& job, const Resharding& result) {
  Json json = bytes_json(result.total);
  Json levels = Json::array();
  for (std::size_t level = 0; level < result.of_level.size(); ++level)
    levels.push_back(
        {{"level", job.options.places->cluster.level_name(level)}, {"bytes", result.of_level[level]}});
  json["levels"] = std::move(levels);
  return json;
}

}  // namespace

void print_reshard_json(const ReshardJob& job, const Resharding& result, Writer& out) {
  const std::vector<int>& old_ranks = job.options.old_rank_of_rank;
  const auto process_of = [&](std::size_t rank) {
    return old_ranks.empty() ? static_cast<int>(rank) : old_ranks[rank];
  };
  std::vector<int> lost = job.options.lost;
  std::sort(lost.begin(), lost.end());
  lost.erase(std::unique(lost.begin(), lost.end()), lost.end());
  const auto joins = [&](int process) {
    return process >= job.from.topology.world_size() || std::binary_search(lost.begin(), lost.end(), process);
  };
  out.put("{\"from\": " + text_of(layout_json(job.from)));
  out.put(",\n \"to\": " + text_of(layout_json(job.to)));
  out.put(",\n \"lost\": " + text_of(lost));
  out.put(",\n \"totals\": " + text_of(totals_json(job, result)));
  put_lines(out, "classes", job.classes.size(),
            [&](std::size_t i) { out.put(text_of(class_json(job.classes[i], result.of_class[i]))); });
  put_lines(out, "senders", result.sent.size(), [&](std::size_t rank) {
    out.put("{\"rank\": ");
    out.number(rank);
    out.put(", \"sent_bytes\": ");
    out.number(result.sent[rank]);
    out.put('}');
  });
  put_lines(out, "receivers", result.of_rank.size(), [&](std::size_t rank) {
    const int process = process_of(rank);
    out.put("{\"rank\": ");
    out.number(rank);
    out.put(", \"old_rank\": " + (joins(process) ? "null" : std::to_string(process)));
    const StateBytes& bytes = result.of_rank[rank];
    out.put(", \"moved_bytes\": ");
    out.number(bytes.moved);
    out.put(", \"kept_bytes\": ");
    out.number(bytes.kept);
    out.put(", \"checkpoint_bytes\": ");
    out.number(bytes.from_checkpoint);
    out.put('}');
  });
  put_lines(out, "moves", result.moves.size(), [&](std::size_t i) { put_move(out, job, result.moves[i]); });
  out.put("}\n");
}

}  // namespace rankmesh::cli
