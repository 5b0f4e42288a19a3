#include "print/rank.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "print/groups.hpp"
#include "print/stages.hpp"
#include "rankmesh/output/rank_text.hpp"
#include "rankmesh/output/table.hpp"
#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/spans.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

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

std::string layers_text(const Topology& topology, const RankRequest& request) {
  constexpr std::int64_t most = 8;
  const std::int64_t ranges = request.layout->virtual_stages();
  std::string text;
  for (std::int64_t v = 0; v < std::min(ranges, most); ++v) {
    const auto [first, count] = content_of(topology, request, v).layers;
    text += v == 0 ? "" : ", ";
    text += count == 0   ? "none"
            : count == 1 ? fmt::format("{}", first)
                         : fmt::format("{}-{}", first, first + count - 1);
  }
  if (ranges > most) text += fmt::format(", ... ({} ranges)", ranges);
  return text + fmt::format(" of 1-{}", request.layout->layers());
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
    constexpr std::size_t column = 18;
    const std::vector<std::string> lines = wrapped(text, style.width() - column);
    out.put("  " + style.cyan(name) + std::string(column - 2 - name.size(), ' ') +
            joined(lines, "\n" + std::string(column, ' ')) + "\n");
  };
  const int in_layout = rank - topology.first_rank();
  fact("coordinates", coordinates_text(topology.mesh(), in_layout));
  if (const Mesh* experts = expert_mesh(topology))
    fact("of the experts", coordinates_text(*experts, in_layout));
  if (request.gpus_per_node) {
    fact("node", fmt::format("{}, GPU {} of 0 .. {}", rank / *request.gpus_per_node,
                             rank % *request.gpus_per_node, *request.gpus_per_node - 1));
  }
  if (request.where) {
    const Cluster& cluster = request.where->cluster;
    const int slot = request.where->placement.slot_of(rank);
    for (std::size_t level = 0; level + 1 < cluster.level_count(); ++level) {
      const bool is_host = level == cluster.host_level();
      fact(cluster.level_name(level),
           cluster.domain_name(level, cluster.domain_of(slot, level)) +
               (is_host ? fmt::format(", slot {} of 0 .. {}", cluster.local_index(slot),
                                      cluster.slots_of_host(cluster.host_of(slot)) - 1)
                        : ""));
    }
  }
  fact("pipeline stage", stage_text(pipeline, rank));
  if (pipeline.stages() > 1) {
    fact("previous stage", neighbour_text(pipeline.previous_rank(rank), pipeline.is_first_stage(rank)));
    fact("next stage", neighbour_text(pipeline.next_rank(rank), pipeline.is_last_stage(rank)));
  }
  if (pipeline.virtual_stages()) fact("virtual stages", chunks_text(pipeline, rank));
  if (request.layout) fact("layers", layers_text(topology, request));
  if (pipeline.split_stage()) fact("split", split_text(pipeline, pipeline.stage_of(rank)));
}

/// The nodes that a group touches: `0, 1, 2, ... 63`.
std::string nodes_text(const GroupFamily& family, int group, int gpus_per_node) {
  constexpr std::size_t most = 4;
  std::vector<int> nodes;
  for_each_block(family, group, gpus_per_node, [&](int node) {
    nodes.push_back(node);
    return nodes.size() <= most;
  });
  if (nodes.size() <= most) return joined(nodes, ", ");
  return joined(std::span(nodes).first(most - 1), ", ") +
         fmt::format(", ... {}", blocks_of_group(family, group, gpus_per_node).last);
}

/// The domains that a group touches: `n1, n2, n3, ... n9`.
std::string domains_text(const std::vector<std::string>& names) {
  constexpr std::size_t most = 4;
  if (names.size() <= most) return joined(names, ", ");
  return joined(std::span(names).first(most - 1), ", ") + ", ... " + names.back();
}

Table memberships(const Topology& topology, const RankRequest& request, std::size_t list_width) {
  using Align = Table::Align;
  std::vector<Table::Column> columns{
      {"kind"}, {"group", Align::right}, {"position", Align::right}, {"nodes"}};
  const std::size_t levels = request.where ? request.where->cluster.level_count() - 1 : 0;
  for (std::size_t level = 0; level < levels; ++level) {
    columns.push_back({request.where->cluster.level_name(level) + "s"});
  }
  columns.push_back({"ranks"});
  Table table(std::move(columns));
  for (const KindFamily* kind : wanted_kinds(topology, request.kinds)) {
    const GroupFamily& family = kind->family;
    const auto [group, position] = membership(topology, *kind, request.rank);
    std::vector<Table::Cell> cells{
        {std::string(name_of(*kind, request.names)), Table::Colour::cyan},
        {fmt::format("{} of {}", group ? fmt::format("{}", *group) : "none", family.group_count())},
        {position ? fmt::format("{} of {}", *position, family.group_size()) : "no member"},
        {group && request.gpus_per_node ? nodes_text(family, *group, *request.gpus_per_node) : ""}};
    for (std::size_t level = 0; level < levels; ++level) {
      cells.push_back({group ? domains_text(request.where->domains(family, *group, level)) : ""});
    }
    cells.push_back({group && !request.all ? short_list_text(family, *group, list_width) : ""});
    table.add(std::move(cells));
  }
  return table;
}

/// The lists of all groups, each on a line.
void print_lists(const Topology& topology, const RankRequest& request, Writer& out, Style style) {
  for (const KindFamily* kind : wanted_kinds(topology, request.kinds)) {
    const auto group = membership(topology, *kind, request.rank).group;
    if (!group) continue;
    out.put("\n" + style.cyan(name_of(*kind, request.names)) + ": ");
    put_whole_list(kind->family, *group, out);
    out.put('\n');
  }
}

}  // namespace

Membership membership(const Topology& topology, const KindFamily& kind, int rank) {
  if (const auto place = kind.family.locate(rank)) return {place->group, place->position};
  if (kind.derivation != Derivation::picked || !kind.parent) return {};
  const auto in_parent = topology.family(*kind.parent).locate(rank);
  return in_parent ? Membership{in_parent->group, std::nullopt} : Membership{};
}

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

ChunkContent content_of(const Topology& topology, const RankRequest& request, std::int64_t virtual_stage) {
  return request.layout->chunk(
      {.stage = topology.pipeline().stage_of(request.rank), .virtual_stage = virtual_stage});
}

void print_rank(const Topology& topology, const RankRequest& request, Writer& out, Style style) {
  if (request.format == Format::json) return print_rank_json(topology, request, out);
  const std::string heading = fmt::format("rank {} of {}", request.rank, topology.world_size());
  const std::string text = hanging(heading + " (" + to_string(topology.config()) + ")", style.width());
  out.put(style.bold(heading) + text.substr(heading.size()) + "\n\n");
  print_facts(topology, request, out, style);
  out.put('\n');
  fitting(style.width(), [&](std::size_t list_width) {
    return memberships(topology, request, list_width);
  }).print(out, style);
  if (request.layout) {
    out.put('\n');
    print_stages(*request.layout, topology.pipeline().stage_of(request.rank), out, style);
  }
  if (request.all) print_lists(topology, request, out, style);
}

}  // namespace rankmesh::cli
