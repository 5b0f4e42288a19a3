#include "state/state_map.hpp"

#include <algorithm>

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

/// The axes of a layout that has nothing for `check_state` to report.
StateAxes axes_of(const StateLayout& layout, bool for_experts) {
  Diagnostics found;
  return {layout.topology, for_experts, layout.state, found};
}

}  // namespace

StateMap::StateMap(const StateLayout& layout, std::span<const StateClass> classes)
    : layout_(&layout),
      classes_(classes),
      holders_(state_holders(layout.topology, layout.state)),
      dense_(axes_of(layout, false)),
      experts_(axes_of(layout, true)) {
  const int experts = experts_.parts(AxisRole::expert);
  for (int stage = 0; stage < dense_.parts(AxisRole::stage); ++stage) {
    dense_buffers_.emplace_back(classes, layout.layers, stage, 0, dense_.parts(AxisRole::tensor));
    expert_buffers_.emplace_back(classes, layout.layers, stage, experts, experts_.parts(AxisRole::tensor));
  }
}

const GroupFamily& StateMap::family(std::size_t kind) const noexcept {
  const bool is_sharded = kind % expert_kinds == 1;
  // The dense families are those of the experts too where the same ranks hold the same.
  if (kind < expert_kinds || !holders_.expert) return is_sharded ? holders_.dense_optimizer : holders_.dense;
  return is_sharded ? *holders_.expert_optimizer : *holders_.expert;
}

int StateMap::keys(std::size_t kind) const noexcept {
  return family(kind).group_count();
}

int StateMap::key_of(std::size_t kind, int rank) const {
  return family(kind).locate(rank)->group;
}

std::vector<std::vector<StateBlock>> StateMap::blocks(std::size_t kind, int key) const {
  std::vector<std::vector<StateBlock>> result(classes_.size());
  const StateAxes& of = axes(kind);
  const int rank = family(kind).group(key)[0];
  if (kind % expert_kinds == 1) {
    // Of the ranks with the same weights, each has the part of the optimizer's state with its position.
    const GroupFamily& same_weights = family(kind - 1);
    const int parts = same_weights.group_size() / family(kind).group_size();
    const auto stage = static_cast<std::size_t>(of.part_of(rank, AxisRole::stage));
    const FlatBuffer& buffer = (kind < expert_kinds ? dense_buffers_ : expert_buffers_)[stage];
    const std::int64_t count = (buffer.length() + parts - 1) / parts;
    if (count == 0) return result;
    const int part = same_weights.locate(rank)->position % parts;
    buffer.add_blocks({part * count, count}, of.part_of(rank, AxisRole::expert),
                      of.part_of(rank, AxisRole::tensor), result);
    return result;
  }
  for (std::size_t state = 0; state < classes_.size(); ++state) {
    if (key_kind(classes_[state]) == kind) result[state] = weights(classes_[state], of, rank);
  }
  return result;
}

std::vector<StateBlock> StateMap::weights(const StateClass& state, const StateAxes& axes, int rank) const {
  const IndexRange units =
      units_of(state, axes.parts(AxisRole::tensor), axes.part_of(rank, AxisRole::tensor)).units;
  IndexRange experts{0, 1};
  if (state.experts > 0) {
    const std::int64_t count = state.experts / axes.parts(AxisRole::expert);
    experts = {axes.part_of(rank, AxisRole::expert) * count, count};
  }
  std::vector<StateBlock> blocks;
  if (units.count == 0) return blocks;
  const int stage = axes.part_of(rank, AxisRole::stage);
  for (const IndexRange& layers : layers_on_stage(state, layout_->layers, stage))
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
