#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "json.hpp"
#include "print/groups.hpp"
#include "print/optional_json.hpp"
#include "print/rank.hpp"
#include "print/stages.hpp"
#include "rankmesh/topology/spans.hpp"

namespace rankmesh::cli {
namespace {

nlohmann::ordered_json pipeline_json(const Topology& topology, int rank) {
  const Pipeline& pipeline = topology.pipeline();
  const int stage = pipeline.stage_of(rank);
  return {{"stage", stage},
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
}

void put_pipeline(const Topology& topology, const RankRequest& request, Writer& out) {
  std::string text = pipeline_json(topology, request.rank).dump();
  if (!request.layout) {
    out.put(text);
    return;
  }
  text.back() = ',';
  out.put(text);
  // Shortened even with --all: nobody reads 2^31 ranges.
  const std::int64_t ranges = request.layout->virtual_stages();
  put_list_json(out, "layers", ranges, false, [&](std::int64_t v) {
    const auto [first, count] = content_of(topology, request, v).layers;
    out.put(fmt::format("{{\"first\":{},\"last\":{}}}", first, first + count - 1));
  });
  out.put(", \"layout\": ");
  put_stages_json(*request.layout, out);
  out.put('}');
}

std::string coordinates_json(const Mesh& mesh, int rank) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  const std::vector<int> of_rank = mesh.coordinates(rank);
  for (std::size_t i = 0; i < of_rank.size(); ++i) json[mesh.axes()[i].name] = of_rank[i];
  return json.dump();
}

/// The nodes that a group touches.
/// @return whether the list was shortened
bool put_nodes(const GroupFamily& family, int group, const RankRequest& request, Writer& out) {
  const GroupBlocks nodes = blocks_of_group(family, group, *request.gpus_per_node);
  if (request.all || nodes.count <= longest_list) {
    out.put(", \"nodes\": ");
    put_nodes_json(out, family, group, *request.gpus_per_node);
    return false;
  }
  out.put(fmt::format(", \"nodes\": null, \"nodes_size\": {}, \"nodes_first\": [{}], \"nodes_last\": [{}]",
                      nodes.count, nodes.first, nodes.last));
  return true;
}

/// The domains that a group touches, by level.
std::string domains_json(const GroupFamily& family, int group, const PlacedRanks& where) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (std::size_t level = 0; level + 1 < where.cluster.level_count(); ++level) {
    json[where.cluster.level_name(level)] = where.domains(family, group, level);
  }
  return json.dump();
}

/// The domains of a rank, by level.
std::string place_json(int rank, const PlacedRanks& where) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  const int slot = where.placement.slot_of(rank);
  for (std::size_t level = 0; level + 1 < where.cluster.level_count(); ++level) {
    json[where.cluster.level_name(level)] =
        where.cluster.domain_name(level, where.cluster.domain_of(slot, level));
  }
  return json.dump();
}

/// @return whether a list was shortened
bool put_kind(const Topology& topology, const KindFamily& kind, const RankRequest& request, Writer& out) {
  const auto [group, position] = membership(topology, kind, request.rank);
  out.put(fmt::format("  \"{}\": {{\"group\": {}, \"position\": {}, \"size\": {}, ",
                      name_of(kind, request.names), group ? fmt::format("{}", *group) : "null",
                      position ? fmt::format("{}", *position) : "null", kind.family.group_size()));
  bool is_shortened = false;
  if (group) {
    is_shortened = put_ranks_json(out, "ranks", kind.family, *group, request.all);
    if (request.gpus_per_node) is_shortened |= put_nodes(kind.family, *group, request, out);
    if (request.where) out.put(", \"domains\": " + domains_json(kind.family, *group, *request.where));
  } else {
    out.put(request.gpus_per_node ? "\"ranks\": [], \"nodes\": []" : "\"ranks\": []");
  }
  out.put('}');
  return is_shortened;
}

}  // namespace

void print_rank_json(const Topology& topology, const RankRequest& request, Writer& out) {
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
  if (request.where) {
    const int slot = request.where->placement.slot_of(request.rank);
    out.put(fmt::format(" \"slot\": {},\n \"local_index\": {},\n \"domains\": {},\n", slot,
                        request.where->cluster.local_index(slot), place_json(request.rank, *request.where)));
  }
  out.put(" \"pipeline\": ");
  put_pipeline(topology, request, out);
  bool is_shortened = false;
  out.put(",\n \"groups\": {");
  std::string_view separator = "\n";
  for (const KindFamily* kind : wanted_kinds(topology, request.kinds)) {
    out.put(separator);
    is_shortened |= put_kind(topology, *kind, request, out);
    separator = ",\n";
  }
  out.put("\n }");
  if (is_shortened) out.put(fmt::format(",\n \"note\": \"{}\"", shortened_note));
  out.put("}\n");
}

}  // namespace rankmesh::cli
