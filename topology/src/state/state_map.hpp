#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "rankmesh/topology/state.hpp"
#include "state/flat_buffer.hpp"

namespace rankmesh {

/// The ranks of a layout by what they hold of one family of classes: the dense ones, or those of experts.
/// A *part* is a stage, a part of the experts and a part of the tensors; its ranks hold the same weights.
class StateParts {
 public:
  /// @param for_experts the mesh and the data groups of the experts
  StateParts(const StateLayout& layout, bool for_experts);

  [[nodiscard]] const Mesh& mesh() const& noexcept { return mesh_; }
  const Mesh& mesh() const&& = delete;
  [[nodiscard]] int stages() const noexcept { return stages_; }
  [[nodiscard]] int experts() const noexcept { return experts_; }
  [[nodiscard]] int tensor() const noexcept { return tensor_; }
  /// The parts that the optimizer's state of a part is divided into.
  [[nodiscard]] int shards() const noexcept { return shards_; }
  [[nodiscard]] int parts() const noexcept { return stages_ * experts_ * tensor_; }
  [[nodiscard]] int stage_of(int part) const noexcept { return part / (experts_ * tensor_); }
  [[nodiscard]] int expert_of(int part) const noexcept { return part / tensor_ % experts_; }
  [[nodiscard]] int tensor_of(int part) const noexcept { return part % tensor_; }
  /// @param rank one of the layout
  [[nodiscard]] int part_of(int rank) const;
  [[nodiscard]] int shard_of(int rank) const;

 private:
  [[nodiscard]] static const Mesh& mesh_of(const Topology& topology, bool for_experts);
  [[nodiscard]] int size(std::string_view axis) const;
  [[nodiscard]] int coordinate(int rank, std::string_view axis) const;

  Mesh mesh_;
  int first_rank_ = 0;
  std::string_view tensor_axis_;
  int stages_ = 1;
  int experts_ = 1;
  int tensor_ = 1;
  int shards_ = 1;
  GroupFamily sharing_;
};

/// What the ranks of a layout hold of each class. Ranks that hold the same of a class have the same *key*.
class StateMap {
 public:
  /// @param layout with the classes one that has nothing for `check_state` to report; both outlive the map
  StateMap(const StateLayout& layout, std::span<const StateClass> classes);

  [[nodiscard]] int world_size() const noexcept { return layout_->topology.world_size(); }
  [[nodiscard]] bool contains(int rank) const noexcept { return layout_->topology.contains(rank); }
  /// Classes with the same number have the same keys.
  static constexpr std::size_t key_kinds = 4;
  [[nodiscard]] static std::size_t key_kind(const StateClass& state) noexcept {
    return (state.experts > 0 ? 2U : 0U) + (state.is_sharded ? 1U : 0U);
  }
  [[nodiscard]] int keys(std::size_t kind) const noexcept;
  [[nodiscard]] int key_of(std::size_t kind, int rank) const;
  /// What the ranks with a key hold of each class of a kind of key; empty for other classes.
  [[nodiscard]] std::vector<std::vector<StateBlock>> blocks(std::size_t kind, int key) const;

 private:
  [[nodiscard]] const StateParts& parts(std::size_t kind) const noexcept {
    return kind < 2 ? dense_ : experts_;
  }
  [[nodiscard]] int shards(std::size_t kind) const noexcept;
  [[nodiscard]] std::vector<StateBlock> weights(const StateClass& state, const StateParts& parts,
                                                int part) const;

  const StateLayout* layout_;
  std::span<const StateClass> classes_;
  StateParts dense_;
  StateParts experts_;
  /// The buffers of the distributed optimizer for each stage.
  std::vector<FlatBuffer> dense_buffers_;
  std::vector<FlatBuffer> expert_buffers_;
};

/// The layers of a class on a stage, counted from 0, in ascending ranges; the range 0 alone for a class that
/// is not of layers, if the stage holds it.
[[nodiscard]] std::vector<IndexRange> layers_on_stage(const StateClass& state, const PipelineLayout& layers,
                                                      std::int64_t stage);

/// The units of a class that a tensor parallel rank holds.
struct UnitPart {
  /// Those that exist.
  IndexRange units{};
  /// How many there are with padding.
  std::int64_t padded = 0;
};
[[nodiscard]] UnitPart units_of(const StateClass& state, std::int64_t tensor, std::int64_t position);

}  // namespace rankmesh
