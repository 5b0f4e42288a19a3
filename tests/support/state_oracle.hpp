#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "rankmesh/topology/reshard.hpp"

/// @file
/// What each rank holds of a model, element by element, for small worlds: the ranks get their coordinates by
/// counting, the pipeline is a string with a letter for each layer, and buffers are lists of elements. Of
/// topology/ only the plain fields of a configuration and of a class are used.

namespace rankmesh::tests {

/// Class, layer, expert, and unit or (of a sharded class) element.
using Label = std::tuple<int, std::int64_t, std::int64_t, std::int64_t>;
using Labels = std::set<Label>;

/// A layout of the conventions reference, extended and megatron-core.
struct OracleLayout {
  ParallelConfig config{};
  /// `E`, `t`, `m` and `L`, with a `|` behind each chunk but the last.
  std::string stages{};
  bool distributed_optimizer = true;
};

class StateOracle {
 public:
  StateOracle(const OracleLayout& layout, const std::vector<StateClass>& classes)
      : layout_(layout),
        classes_(classes),
        config_(layout.config) {
    read_stages();
    const bool is_megatron = config_.convention == Convention::megatron_core;
    const std::int64_t etp = config_.expert_tensor.value_or(config_.tensor);
    const std::int64_t dp =
        config_.world_size / (config_.tensor * config_.pipeline * config_.context * config_.sequence);
    std::vector<std::pair<std::string, std::int64_t>> dense;
    std::vector<std::pair<std::string, std::int64_t>> experts;
    if (is_megatron) {
      std::string order = config_.order + "-";
      for (std::size_t end = order.find('-'); end != std::string::npos; end = order.find('-')) {
        const std::string axis = order.substr(0, end);
        order.erase(0, end + 1);
        if (axis == "tp") dense.emplace_back(axis, config_.tensor), experts.emplace_back(axis, etp);
        if (axis == "pp")
          dense.emplace_back(axis, config_.pipeline), experts.emplace_back(axis, config_.pipeline);
        if (axis == "cp") dense.emplace_back(axis, config_.context);
        if (axis == "ep") experts.emplace_back(axis, config_.expert);
        if (axis == "dp") {
          dense.emplace_back(axis, dp);
          experts.emplace_back(axis, config_.world_size / (etp * config_.expert * config_.pipeline));
        }
      }
    } else {
      dense = {{"tp", config_.tensor}, {"sp", config_.sequence}, {"dp", dp}, {"pp", config_.pipeline}};
      experts = dense;
    }
    for (std::int64_t index = 0; index < config_.world_size; ++index) {
      dense_.push_back(seat(dense, index));
      experts_.push_back(seat(experts, index));
    }
    number_shards(dense_);
    number_shards(experts_);
    tensor_ = config_.tensor;
    expert_tensor_ = is_megatron ? etp : config_.tensor;
  }

  /// What a rank of the job holds.
  [[nodiscard]] Labels held(std::int64_t rank) const {
    Labels held;
    const std::int64_t index = rank - config_.rank_offset;
    if (index < 0 || index >= config_.world_size) return held;
    for (const bool for_experts : {false, true}) {
      const Seat& at = (for_experts ? experts_ : dense_)[static_cast<std::size_t>(index)];
      for (const auto& [label, exists] : tensors(at, for_experts, false)) {
        if (exists) held.insert(label);
      }
      const std::vector<std::pair<Label, bool>> buffer = tensors(at, for_experts, true);
      const std::size_t shards = layout_.distributed_optimizer ? at.shards : 1;
      std::size_t each = 0;
      while (each * shards < buffer.size()) ++each;
      const std::size_t shard = layout_.distributed_optimizer ? at.shard : 0;
      for (std::size_t i = shard * each; i < std::min((shard + 1) * each, buffer.size()); ++i) {
        if (buffer[i].second) held.insert(buffer[i].first);
      }
    }
    return held;
  }

 private:
  struct Seat {
    std::int64_t tp = 0;
    std::int64_t pp = 0;
    std::int64_t ep = 0;
    std::size_t shard = 0;
    std::size_t shards = 1;
  };

  static Seat seat(const std::vector<std::pair<std::string, std::int64_t>>& axes, std::int64_t index) {
    Seat seat;
    for (const auto& [axis, size] : axes) {
      const std::int64_t value = index % size;
      index /= size;
      if (axis == "tp") seat.tp = value;
      if (axis == "pp") seat.pp = value;
      if (axis == "ep") seat.ep = value;
    }
    return seat;
  }

  /// Ranks with the same weights, in ascending order, are divided into instances of consecutive ranks.
  void number_shards(std::vector<Seat>& seats) const {
    std::map<std::tuple<std::int64_t, std::int64_t, std::int64_t>, std::vector<Seat*>> groups;
    for (Seat& seat : seats) groups[{seat.tp, seat.pp, seat.ep}].push_back(&seat);
    for (auto& [weights, group] : groups) {
      const std::size_t size = group.size() / static_cast<std::size_t>(config_.optimizer_instances);
      for (std::size_t i = 0; i < group.size(); ++i) {
        group[i]->shard = i % size;
        group[i]->shards = size;
      }
    }
  }

  void read_stages() {
    held_.resize(static_cast<std::size_t>(config_.pipeline));
    std::int64_t chunk = 0;
    std::int64_t layer = 0;
    std::int64_t mtp = 0;
    for (const char letter : layout_.stages) {
      Stage& stage = held_[static_cast<std::size_t>(chunk % config_.pipeline)];
      if (letter == '|') ++chunk;
      if (letter == 't') stage.layers.push_back(layer++);
      if (letter == 'm') stage.mtp.push_back(mtp++);
      if (letter == 'E') stage.has_embedding = true;
      if (letter == 'L') stage.has_loss = true;
    }
  }

  struct Stage {
    std::vector<std::int64_t> layers{};
    std::vector<std::int64_t> mtp{};
    bool has_embedding = false;
    bool has_loss = false;
  };

  [[nodiscard]] bool holds_unit(const StateClass& row, std::int64_t parts, std::int64_t part,
                                std::int64_t unit) const {
    if (!row.is_split) return true;
    if (row.padded_to > 0) {
      std::int64_t each = row.padded_to;
      while (each * parts < row.units) each += row.padded_to;
      return unit / each == part;
    }
    if (row.units < parts) return part * row.units / parts == unit;
    return unit * parts / row.units == part;
  }

  /// The elements of the tensors on a seat in the order of the buffer; false for padding.
  [[nodiscard]] std::vector<std::pair<Label, bool>> tensors(const Seat& at, bool for_experts,
                                                            bool sharded) const {
    const Stage& stage = held_[static_cast<std::size_t>(at.pp)];
    const std::int64_t parts = for_experts ? expert_tensor_ : tensor_;
    std::vector<std::pair<Label, bool>> result;
    for (const StatePlace place : {StatePlace::embedding, StatePlace::tied_embedding, StatePlace::first,
                                   StatePlace::layers, StatePlace::mtp, StatePlace::last}) {
      std::vector<std::int64_t> layers;
      if (place == StatePlace::layers) layers = stage.layers;
      if (place == StatePlace::mtp) layers = stage.mtp;
      const bool embeds = stage.has_embedding || !stage.mtp.empty();
      if (place == StatePlace::embedding && embeds) layers = {0};
      if (place == StatePlace::tied_embedding && (embeds || stage.has_loss)) layers = {0};
      if (place == StatePlace::first && stage.has_embedding) layers = {0};
      if (place == StatePlace::last && stage.has_loss) layers = {0};
      for (const std::int64_t layer : layers) {
        for (std::size_t c = 0; c < classes_.size(); ++c) {
          const StateClass& row = classes_[c];
          if (row.place != place || (row.experts > 0) != for_experts || row.is_sharded != sharded) continue;
          if (!has_layer(row, layer)) continue;
          for (std::int64_t expert = 0; expert < std::max<std::int64_t>(row.experts, 1); ++expert) {
            if (row.experts > 0 && expert * config_.expert / row.experts != at.ep) continue;
            // Beyond the units is padding, which counts in the buffer.
            const std::int64_t most = row.units + (row.padded_to > 0 ? row.padded_to * parts : 0);
            for (std::int64_t unit = 0; unit < most; ++unit) {
              if (!holds_unit(row, parts, at.tp, unit)) continue;
              for (std::int64_t e = 0; e < (sharded ? row.unit_elements : 1); ++e) {
                const std::int64_t place_in_tensor = sharded ? unit * row.unit_elements + e : unit;
                result.push_back({{static_cast<int>(c), layer, expert, place_in_tensor}, unit < row.units});
              }
            }
          }
        }
      }
    }
    return result;
  }

  static bool has_layer(const StateClass& row, std::int64_t layer) {
    if (row.layers.empty()) return true;
    return std::any_of(row.layers.begin(), row.layers.end(),
                       [&](const IndexRange& r) { return layer >= r.first && layer < r.first + r.count; });
  }

  OracleLayout layout_;
  std::vector<StateClass> classes_;
  ParallelConfig config_;
  std::vector<Stage> held_;
  std::vector<Seat> dense_;
  std::vector<Seat> experts_;
  std::int64_t tensor_ = 1;
  std::int64_t expert_tensor_ = 1;
};

/// The labels of a block.
inline Labels labels_of(int state, const StateBlock& block) {
  Labels labels;
  for (std::int64_t layer = block.layers.first; layer < block.layers.first + block.layers.count; ++layer) {
    for (std::int64_t e = block.experts.first; e < block.experts.first + block.experts.count; ++e) {
      for (std::int64_t i = block.interval.first; i < block.interval.first + block.interval.count; ++i)
        labels.insert({state, layer, e, i});
    }
  }
  return labels;
}

}  // namespace rankmesh::tests
