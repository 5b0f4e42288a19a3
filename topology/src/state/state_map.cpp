#include "state/state_map.hpp"

#include <algorithm>

#include "rankmesh/topology/group_kind.hpp"

namespace rankmesh {
namespace {

/// The ranges that are in both lists; both ascending.
std::vector<IndexRange> common(std::span<const IndexRange> a, std::span<const IndexRange> b) {
  std::vector<IndexRange> result;
  for (auto left = a.begin(), right = b.begin(); left != a.end() && right != b.end();) {
    const std::int64_t begin = std::max(left->first, right->first);
    const std::int64_t end = std::min(left->end(), right->end());
    if (begin < end) result.push_back({begin, end - begin});
    (left->end() < right->end() ? left : right)++;
  }
  return result;
}

/// Joins ranges that follow each other.
void append_range(std::vector<IndexRange>& ranges, const LayerRange& layers) {
  if (layers.count == 0) return;
  const std::int64_t first = layers.first - 1;
  if (!ranges.empty() && ranges.back().end() == first) {
    ranges.back().count += layers.count;
  } else {
    ranges.push_back({first, layers.count});
  }
}

/// The groups of ranks whose weights are the same.
GroupFamily ranks_with_same_weights(const Mesh& mesh, std::string_view tensor, bool has_expert_parts) {
  std::vector<std::string_view> axes;
  for (const Axis& axis : mesh.axes()) {
    const bool is_expert_part = has_expert_parts && axis.name == "ep";
    if (axis.name != tensor && axis.name != "pp" && !is_expert_part) axes.push_back(axis.name);
  }
  return mesh.family(axes);
}

}  // namespace

const Mesh& StateParts::mesh_of(const Topology& topology, bool for_experts) {
  if (for_experts) {
    for (const Mesh& mesh : topology.meshes()) {
      if (mesh.find("ep") || mesh.find("etp")) return mesh;
    }
  }
  return topology.mesh();
}

StateParts::StateParts(const StateLayout& layout, bool for_experts)
    : mesh_(mesh_of(layout.topology, for_experts)),
      first_rank_(layout.topology.first_rank()) {
  const Topology& topology = layout.topology;
  tensor_axis_ = for_experts && mesh_.find("etp") ? "etp" : "tp";
  stages_ = size("pp");
  tensor_ = size(tensor_axis_);
  experts_ = for_experts ? size("ep") : 1;
  if (topology.config().convention == Convention::megatron_core) {
    sharing_ = topology.family(GroupKind(for_experts ? "intra_expert_data" : "intra_data_context"));
  } else {
    sharing_ =
        ranks_with_same_weights(mesh_, tensor_axis_, for_experts).placed(first_rank_, topology.world_size());
  }
  shards_ = sharing_.group_size();
}

int StateParts::size(std::string_view axis) const {
  return mesh_.find(axis) ? mesh_.size(axis) : 1;
}

int StateParts::coordinate(int rank, std::string_view axis) const {
  return mesh_.find(axis) ? mesh_.coordinate(rank - first_rank_, axis) : 0;
}

int StateParts::part_of(int rank) const {
  const int expert = experts_ > 1 ? coordinate(rank, "ep") : 0;
  return (coordinate(rank, "pp") * experts_ + expert) * tensor_ + coordinate(rank, tensor_axis_);
}

int StateParts::shard_of(int rank) const {
  return sharing_.locate(rank)->position;
}

StateMap::StateMap(const StateLayout& layout, std::span<const StateClass> classes)
    : layout_(&layout),
      classes_(classes),
      dense_(layout, false),
      experts_(layout, true) {
  for (int stage = 0; stage < dense_.stages(); ++stage) {
    dense_buffers_.emplace_back(classes, layout.layers, stage, 0, dense_.tensor());
    expert_buffers_.emplace_back(classes, layout.layers, stage, experts_.experts(), experts_.tensor());
  }
}

int StateMap::shards(std::size_t kind) const noexcept {
  return kind % 2 == 1 && layout_->distributed_optimizer ? parts(kind).shards() : 1;
}

int StateMap::keys(std::size_t kind) const noexcept {
  return parts(kind).parts() * shards(kind);
}

int StateMap::key_of(std::size_t kind, int rank) const {
  const int part = parts(kind).part_of(rank);
  const int shards_of_part = shards(kind);
  return shards_of_part == 1 ? part : part * shards_of_part + parts(kind).shard_of(rank);
}

std::vector<std::vector<StateBlock>> StateMap::blocks(std::size_t kind, int key) const {
  std::vector<std::vector<StateBlock>> result(classes_.size());
  const StateParts& of = parts(kind);
  const int part = key / shards(kind);
  if (kind % 2 == 1) {
    const auto stage = static_cast<std::size_t>(of.stage_of(part));
    const FlatBuffer& buffer = kind < 2 ? dense_buffers_[stage] : expert_buffers_[stage];
    const std::int64_t count = (buffer.length() + shards(kind) - 1) / shards(kind);
    if (count == 0) return result;
    buffer.add_blocks({key % shards(kind) * count, count}, of.expert_of(part), of.tensor_of(part), result);
    return result;
  }
  for (std::size_t state = 0; state < classes_.size(); ++state) {
    if (key_kind(classes_[state]) == kind) result[state] = weights(classes_[state], of, part);
  }
  return result;
}

std::vector<StateBlock> StateMap::weights(const StateClass& state, const StateParts& of, int part) const {
  const IndexRange units = units_of(state, of.tensor(), of.tensor_of(part)).units;
  IndexRange experts{0, 1};
  if (state.experts > 0) {
    const std::int64_t count = state.experts / of.experts();
    experts = {of.expert_of(part) * count, count};
  }
  std::vector<StateBlock> blocks;
  if (units.count == 0) return blocks;
  for (const IndexRange& layers : layers_on_stage(state, layout_->layers, of.stage_of(part)))
    blocks.push_back({layers, experts, units});
  return blocks;
}

std::vector<IndexRange> layers_on_stage(const StateClass& state, const PipelineLayout& layers,
                                        std::int64_t stage) {
  const bool is_last = stage == layers.stages() - 1;
  const std::vector<IndexRange> one{{0, 1}};
  std::vector<IndexRange> held;
  switch (state.place) {
    case StatePlace::first:
      return stage == 0 ? one : held;
    case StatePlace::last:
      return is_last ? one : held;
    case StatePlace::embedding:
    case StatePlace::tied_embedding: {
      const auto stages = layers.embedding_stages(state.place == StatePlace::tied_embedding);
      return std::find(stages.begin(), stages.end(), stage) != stages.end() ? one : held;
    }
    case StatePlace::layers:
    case StatePlace::mtp:
      break;
  }
  for (std::int64_t chunk = 0; chunk < layers.virtual_stages(); ++chunk) {
    const ChunkContent content = layers.chunk({.stage = stage, .virtual_stage = chunk});
    append_range(held, state.place == StatePlace::mtp ? content.mtp : content.layers);
  }
  return state.layers.empty() ? held : common(held, state.layers);
}

UnitPart units_of(const StateClass& state, std::int64_t tensor, std::int64_t position) {
  if (!state.is_split) return {{0, state.units}, state.units};
  if (state.padded_to > 0) {
    const std::int64_t multiple = state.padded_to * tensor;
    const std::int64_t each = (state.units + multiple - 1) / multiple * state.padded_to;
    const std::int64_t first = std::min(position * each, state.units);
    return {{first, std::min(each, state.units - first)}, each};
  }
  // More ranks than units: neighbours hold the same one.
  if (state.units < tensor) return {{position / (tensor / state.units), 1}, 1};
  const std::int64_t each = state.units / tensor;
  return {{position * each, each}, each};
}

}  // namespace rankmesh
