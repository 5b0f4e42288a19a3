#include "state/flat_buffer.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "state/state_map.hpp"

namespace rankmesh {
namespace {

/// Adds a block, as more layers of the last one where possible.
void append_block(std::vector<StateBlock>& blocks, const StateBlock& block) {
  if (block.size() == 0) return;
  if (!blocks.empty()) {
    StateBlock& last = blocks.back();
    if (last.layers.end() == block.layers.first && last.experts == block.experts &&
        last.interval == block.interval) {
      last.layers.count += block.layers.count;
      return;
    }
  }
  blocks.push_back(block);
}

}  // namespace

FlatBuffer::FlatBuffer(std::span<const StateClass> classes, const PipelineLayout& layers, std::int64_t stage,
                       std::int64_t experts, std::int64_t tensor)
    : classes_(classes),
      tensor_(tensor) {
  for (const StatePlace place : {StatePlace::embedding, StatePlace::tied_embedding, StatePlace::first,
                                 StatePlace::layers, StatePlace::mtp, StatePlace::last})
    add_layers(place, layers, stage, experts);
}

void FlatBuffer::add_layers(StatePlace place, const PipelineLayout& layers, std::int64_t stage,
                            std::int64_t experts) {
  // A layer and the class that it has a tensor of.
  std::set<std::pair<std::int64_t, std::size_t>> tensors;
  for (std::size_t state = 0; state < classes_.size(); ++state) {
    const StateClass& row = classes_[state];
    if (row.place != place || !row.is_sharded || (row.experts > 0) != (experts > 0)) continue;
    for (const IndexRange& range : layers_on_stage(row, layers, stage)) {
      for (std::int64_t layer = range.first; layer < range.end(); ++layer) tensors.insert({layer, state});
    }
  }
  for (const auto& [layer, state] : tensors)
    append(state, layer, experts > 0 ? classes_[state].experts / experts : 1);
}

void FlatBuffer::append(std::size_t state, std::int64_t layer, std::int64_t experts) {
  const StateClass& row = classes_[state];
  const std::int64_t elements = units_of(row, tensor_, 0).padded * row.unit_elements;
  segments_.push_back(
      {.state = state, .layer = layer, .first = length_, .experts = experts, .elements = elements});
  length_ = segments_.back().end();
}

void FlatBuffer::add_blocks(const IndexRange& interval, std::int64_t expert, std::int64_t tensor,
                            std::vector<std::vector<StateBlock>>& blocks) const {
  auto segment = std::upper_bound(segments_.begin(), segments_.end(), interval.first,
                                  [](std::int64_t position, const Segment& s) { return position < s.end(); });
  for (; segment != segments_.end() && segment->first < interval.end(); ++segment) {
    const std::int64_t begin = std::max(interval.first, segment->first) - segment->first;
    const std::int64_t end = std::min(interval.end(), segment->end()) - segment->first;
    add_part(*segment, {begin, end - begin}, expert, tensor, blocks[segment->state]);
  }
}

void FlatBuffer::add_part(const Segment& segment, const IndexRange& part, std::int64_t expert,
                          std::int64_t tensor, std::vector<StateBlock>& blocks) const {
  const StateClass& row = classes_[segment.state];
  const IndexRange units = units_of(row, tensor_, tensor).units;
  const std::int64_t origin = units.first * row.unit_elements;
  const std::int64_t exist = units.count * row.unit_elements;
  const std::int64_t first_expert = row.experts > 0 ? expert * segment.experts : 0;
  const auto add = [&](std::int64_t expert_begin, std::int64_t experts, std::int64_t begin,
                       std::int64_t end) {
    end = std::min(end, exist);
    if (experts <= 0 || begin >= end) return;
    append_block(blocks, {.layers = {segment.layer, 1},
                          .experts = {first_expert + expert_begin, experts},
                          .interval = {origin + begin, end - begin}});
  };
  const std::int64_t size = segment.elements;
  const std::int64_t first = part.first / size;
  const std::int64_t last = (part.end() - 1) / size;
  if (first == last) {
    add(first, 1, part.first % size, part.end() - first * size);
    return;
  }
  const bool has_head = part.first % size != 0;
  const bool has_tail = part.end() % size != 0;
  if (has_head) add(first, 1, part.first % size, size);
  const std::int64_t whole = first + (has_head ? 1 : 0);
  add(whole, last + (has_tail ? 0 : 1) - whole, 0, size);
  if (has_tail) add(last, 1, 0, part.end() % size);
}

}  // namespace rankmesh
