#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "json.hpp"
#include "layout_command.hpp"
#include "rankmesh/output/rank_text.hpp"
#include "rankmesh/output/table.hpp"
#include "rankmesh/topology/config_text.hpp"
#include "topology_task.hpp"

namespace rankmesh::cli {
namespace {

constexpr std::size_t line_width = 100;

struct RankRequest {
  int rank = 0;
  Format format = Format::text;
  std::optional<int> gpus_per_node{};
  /// Layers of the whole model.
  std::optional<std::int64_t> layers{};
  Names names = Names::of_rankmesh;
};

/// The group of a kind that concerns a rank, if any. A rank that is not a member may have a group without a
/// position: for example, the embedding group picked from its pipeline.
struct Membership {
  std::optional<int> group{};
  std::optional<int> position{};
};

Membership membership(const Topology& topology, const KindFamily& kind, int rank) {
  if (const auto place = kind.family.locate(rank)) return {place->group, place->position};
  if (kind.derivation != Derivation::picked) return {};
  const auto in_parent = topology.family(*kind.parent).locate(rank);
  return in_parent ? Membership{in_parent->group, std::nullopt} : Membership{};
}

/// The mesh of the experts, if it differs from the mesh of the dense layers.
const Mesh* expert_mesh(const Topology& topology) {
  const bool has_experts =
      topology.config().convention == Convention::megatron_core && topology.meshes().size() > 1;
  if (!has_experts) return nullptr;
  const auto same_sizes = [](const Axis& a, const Axis& b) { return a.size == b.size; };
  const auto without_ones = [](const Mesh& mesh) {
    std::vector<Axis> axes(mesh.axes().begin(), mesh.axes().end());
    std::erase_if(axes, [](const Axis& axis) { return axis.size == 1; });
    return axes;
  };
  const std::vector<Axis> dense = without_ones(topology.mesh());
  const std::vector<Axis> experts = without_ones(topology.meshes()[1]);
  const bool same = std::equal(dense.begin(), dense.end(), experts.begin(), experts.end(), same_sizes);
  return same ? nullptr : &topology.meshes()[1];
}

/// The layers of each virtual stage.
std::vector<LayerRange> layers_of(const Topology& topology, const RankRequest& request) {
  std::vector<LayerRange> result;
  if (!request.layers) return result;
  const Pipeline& pipeline = topology.pipeline();
  for (int v = 0; v < pipeline.virtual_stages().value_or(1); ++v) {
    result.push_back(pipeline.layers(
        {.layers = *request.layers, .stage = pipeline.stage_of(request.rank), .virtual_stage = v}));
  }
  return result;
}

std::string stage_text(const Pipeline& pipeline, int rank) {
  const bool first = pipeline.is_first_stage(rank);
  const bool last = pipeline.is_last_stage(rank);
  return fmt::format("{} of 0 .. {}, {}", pipeline.stage_of(rank), pipeline.stages() - 1,
                     first && last ? "the only one"
                     : first       ? "the first"
                     : last        ? "the last"
                                   : "neither first nor last");
}

std::string neighbour_text(int neighbour, bool wraps) {
  return fmt::format("rank {}{}", neighbour, wraps ? " (around the end of the pipeline)" : "");
}

std::string chunks_text(const Pipeline& pipeline, int rank) {
  const int count = *pipeline.virtual_stages();
  const int stage = pipeline.stage_of(rank);
  std::string text = fmt::format("{}, holding model {} ", count, count == 1 ? "chunk" : "chunks");
  for (int v = 0; v < std::min(count, 4); ++v) {
    text += fmt::format("{}{}", v == 0 ? "" : ", ", std::int64_t{v} * pipeline.stages() + stage);
  }
  if (count > 4) text += ", ...";
  return text + fmt::format(" of 0 .. {}", std::int64_t{count} * pipeline.stages() - 1);
}

std::string layers_text(const std::vector<LayerRange>& layers, std::int64_t total) {
  constexpr std::size_t most = 8;
  std::string text;
  for (std::size_t i = 0; i < std::min(layers.size(), most); ++i) {
    const auto [first, count] = layers[i];
    text += i == 0 ? "" : ", ";
    text += count == 1 ? fmt::format("{}", first) : fmt::format("{}-{}", first, first + count - 1);
  }
  if (layers.size() > most) text += fmt::format(", ... ({} ranges)", layers.size());
  return text + fmt::format(" of 1-{}", total);
}

std::string split_text(const Pipeline& pipeline, int stage) {
  std::string text = fmt::format("stage {} is the first decoder stage; ", *pipeline.split_stage());
  if (pipeline.is_at_split(stage) && pipeline.stages() > 1) return text + "this is the last encoder stage";
  if (pipeline.is_before_split(stage) && pipeline.is_after_split(stage)) return text + "without effect here";
  return text + (pipeline.is_before_split(stage) ? "this is an encoder stage" : "this is a decoder stage");
}

std::string coordinates_text(const Mesh& mesh, int rank) {
  std::string text;
  const std::vector<int> coordinates = mesh.coordinates(rank);
  for (std::size_t i = 0; i < coordinates.size(); ++i) {
    text += fmt::format("{}{}={}", i == 0 ? "" : " ", mesh.axes()[i].name, coordinates[i]);
  }
  return text + " in " + mesh.to_string();
}

void print_facts(const Topology& topology, const RankRequest& request, Writer& out, Style style) {
  const Pipeline& pipeline = topology.pipeline();
  const int rank = request.rank;
  const auto fact = [&](std::string_view name, const std::string& text) {
    out.put("  " + style.cyan(name) + std::string(16 - name.size(), ' ') + text + "\n");
  };
  const int in_layout = rank - topology.first_rank();
  fact("coordinates", coordinates_text(topology.mesh(), in_layout));
  if (const Mesh* experts = expert_mesh(topology))
    fact("of the experts", coordinates_text(*experts, in_layout));
  if (request.gpus_per_node) {
    fact("node", fmt::format("{}, GPU {} of 0 .. {}", rank / *request.gpus_per_node,
                             rank % *request.gpus_per_node, *request.gpus_per_node - 1));
  }
  fact("pipeline stage", stage_text(pipeline, rank));
  if (pipeline.stages() > 1) {
    fact("previous stage", neighbour_text(pipeline.previous_rank(rank), pipeline.is_first_stage(rank)));
    fact("next stage", neighbour_text(pipeline.next_rank(rank), pipeline.is_last_stage(rank)));
  }
  if (pipeline.virtual_stages()) fact("virtual stages", chunks_text(pipeline, rank));
  if (request.layers) fact("layers", layers_text(layers_of(topology, request), *request.layers));
  if (pipeline.split_stage()) fact("split", split_text(pipeline, pipeline.stage_of(rank)));
}

Table memberships(const Topology& topology, const RankRequest& request, std::size_t list_width) {
  using Align = Table::Align;
  Table table({{"kind"}, {"group", Align::right}, {"position", Align::right}, {"ranks"}});
  for (const KindFamily& kind : topology.kinds()) {
    const auto [group, position] = membership(topology, kind, request.rank);
    table.add(
        {{std::string(name_of(kind, request.names)), Table::Colour::cyan},
         {fmt::format("{} of {}", group ? fmt::format("{}", *group) : "none", kind.family.group_count())},
         {position ? fmt::format("{} of {}", *position, kind.family.group_size()) : "no member"},
         {group ? short_list_text(kind.family, *group, list_width) : ""}});
  }
  return table;
}

void print_text(const Topology& topology, const RankRequest& request, Writer& out, Style style) {
  out.put(style.bold(fmt::format("rank {} of {}", request.rank, topology.world_size())) + " (" +
          to_string(topology.config()) + ")\n\n");
  print_facts(topology, request, out, style);
  out.put('\n');
  std::size_t list_width = 60;
  while (list_width > 10 && memberships(topology, request, list_width).width() > line_width + 2) {
    --list_width;
  }
  memberships(topology, request, list_width).print(out, style);
}

template <typename Value>
nlohmann::ordered_json optional_json(const std::optional<Value>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

nlohmann::ordered_json pipeline_json(const Topology& topology, const RankRequest& request) {
  const Pipeline& pipeline = topology.pipeline();
  const int rank = request.rank;
  const int stage = pipeline.stage_of(rank);
  nlohmann::ordered_json json = {{"stage", stage},
                                 {"stages", pipeline.stages()},
                                 {"is_first_stage", pipeline.is_first_stage(rank)},
                                 {"is_last_stage", pipeline.is_last_stage(rank)},
                                 {"previous_rank", pipeline.previous_rank(rank)},
                                 {"next_rank", pipeline.next_rank(rank)},
                                 {"virtual_stages", optional_json(pipeline.virtual_stages())},
                                 {"split_stage", optional_json(pipeline.split_stage())},
                                 {"is_before_split", pipeline.is_before_split(stage)},
                                 {"is_after_split", pipeline.is_after_split(stage)},
                                 {"is_at_split", pipeline.is_at_split(stage)}};
  if (!request.layers) return json;
  json["layers"] = nlohmann::ordered_json::array();
  for (const auto [first, count] : layers_of(topology, request)) {
    json["layers"].push_back({{"first", first}, {"last", first + count - 1}});
  }
  return json;
}

std::string coordinates_json(const Mesh& mesh, int rank) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  const std::vector<int> of_rank = mesh.coordinates(rank);
  for (std::size_t i = 0; i < of_rank.size(); ++i) json[mesh.axes()[i].name] = of_rank[i];
  return json.dump();
}

void print_json(const Topology& topology, const RankRequest& request, Writer& out) {
  const int in_layout = request.rank - topology.first_rank();
  out.put(fmt::format("{{\"rank\": {},\n \"world_size\": {},\n \"config\": {},\n \"coordinates\": {},\n",
                      request.rank, topology.world_size(), config_json(topology.config()),
                      coordinates_json(topology.mesh(), in_layout)));
  if (const Mesh* experts = expert_mesh(topology)) {
    out.put(fmt::format(" \"expert_coordinates\": {},\n", coordinates_json(*experts, in_layout)));
  }
  if (request.gpus_per_node) {
    out.put(fmt::format(" \"node\": {},\n \"gpu\": {},\n", request.rank / *request.gpus_per_node,
                        request.rank % *request.gpus_per_node));
  }
  out.put(" \"pipeline\": " + pipeline_json(topology, request).dump() + ",\n \"groups\": {");
  std::string_view separator = "\n";
  for (const KindFamily& kind : topology.kinds()) {
    const auto [group, position] = membership(topology, kind, request.rank);
    out.put(fmt::format("{}  \"{}\": {{\"group\": {}, \"position\": {}, \"size\": {}, \"ranks\": ", separator,
                        name_of(kind, request.names), group ? fmt::format("{}", *group) : "null",
                        position ? fmt::format("{}", *position) : "null", kind.family.group_size()));
    if (group) {
      put_group_json(out, kind.family, *group);
    } else {
      out.put("[]");
    }
    out.put('}');
    separator = ",\n";
  }
  out.put("\n }}\n");
}

void print_rank(const Topology& topology, const RankRequest& request, Writer& out, Style style) {
  if (request.format == Format::json) {
    print_json(topology, request, out);
  } else {
    print_text(topology, request, out, style);
  }
}

class RankCommand : public LayoutCommand {
 public:
  RankCommand()
      : LayoutCommand(
            {.name = "rank",
             .summary = "Everything about one rank: coordinates, stage, neighbours, groups",
             .examples = {"rankmesh rank 5 --world-size 16 --tp 2 --pp 4",
                          "rankmesh rank 5 --world-size 16 --tp 2 --pp 4 --vpp 2 --layers 16 --format "
                          "json"}}),
        rank_(add({.name = "RANK",
                   .description = "the rank, 0 .. world size - 1",
                   .heading = "Argument",
                   .is_required = true})),
        layers_(add({.name = "--layers",
                     .value_name = "N",
                     .description = "layers of the model: also show which of them the rank holds"})),
        format_(add_format(*this, {"text", "json"})) {}

  [[nodiscard]] Task read(Problems& problems) const override {
    const auto number = number_of(rank_, {.min = std::numeric_limits<std::int64_t>::min()}, problems);
    const ConfigReading reading = read_config(problems);
    if (number) check_rank(*number, reading, problems);
    RankRequest request{.rank = static_cast<int>(number.value_or(0)),
                        .format = format_of(format_, problems),
                        .gpus_per_node = read_gpus_per_node(problems),
                        .layers = number_of(layers_, {.min = 1}, problems),
                        .names = read_names(problems)};
    if (request.layers && reading.diagnostics.empty())
      check_layers(*request.layers, reading.config, problems);
    if (!problems.empty()) return {};
    return task_on(reading.config, request.gpus_per_node,
                   [request](const Topology& topology, Writer& out, Style style) {
                     print_rank(topology, request, out, style);
                   });
  }

 private:
  static void check_rank(std::int64_t rank, const ConfigReading& reading, Problems& problems) {
    for (const Diagnostic& diagnostic : reading.diagnostics) {
      if (diagnostic.field == "world_size" || diagnostic.field == "rank_offset") return;
    }
    const std::int64_t first = reading.config.rank_offset;
    const std::int64_t last = first + reading.config.world_size - 1;
    if (rank >= first && rank <= last) return;
    problems.push_back("RANK: rank " + std::to_string(rank) +
                       (first == 0 ? " does not exist: the world has ranks "
                                   : " is not in the layout, which has the ranks ") +
                       std::to_string(first) + " .. " + std::to_string(last));
  }

  static void check_layers(std::int64_t layers, const ParallelConfig& config, Problems& problems) {
    try {
      const Topology topology(config);
      (void)topology.pipeline().layers({.layers = layers});
    } catch (const ConfigError& error) {
      for (const Diagnostic& diagnostic : error.diagnostics()) {
        problems.push_back("--layers: " + diagnostic.message());
      }
    }
  }

  const Option& rank_;
  const Option& layers_;
  const Option& format_;
};

}  // namespace

std::unique_ptr<RunnableCommand> make_rank_command() {
  return std::make_unique<RankCommand>();
}

}  // namespace rankmesh::cli
