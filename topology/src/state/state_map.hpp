#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "rankmesh/topology/state.hpp"
#include "state/flat_buffer.hpp"
#include "state/state_axes.hpp"

namespace rankmesh {

/// What the ranks of a layout hold of each class. Ranks that hold the same of a class have the same *key*:
/// the number of their group in `StateHolders`.
class StateMap {
 public:
  /// @param layout with the classes one that has nothing for `check_state` to report; both outlive the map
  StateMap(const StateLayout& layout, std::span<const StateClass> classes);

  [[nodiscard]] int world_size() const noexcept { return layout_->topology.world_size(); }
  [[nodiscard]] bool contains(int rank) const noexcept { return layout_->topology.contains(rank); }
  /// Classes with the same number have the same keys.
  static constexpr std::size_t key_kinds = 4;
  [[nodiscard]] static std::size_t key_kind(const StateClass& state) noexcept {
    return (state.experts > 0 ? expert_kinds : 0U) + (state.is_sharded ? 1U : 0U);
  }
  [[nodiscard]] int keys(std::size_t kind) const noexcept;
  [[nodiscard]] int key_of(std::size_t kind, int rank) const;
  /// What the ranks with a key hold of each class of a kind of key; empty for other classes.
  [[nodiscard]] std::vector<std::vector<StateBlock>> blocks(std::size_t kind, int key) const;

 private:
  [[nodiscard]] const StateAxes& axes(std::size_t kind) const noexcept {
    return kind < expert_kinds ? dense_ : experts_;
  }
  [[nodiscard]] const GroupFamily& family(std::size_t kind) const noexcept;
  [[nodiscard]] std::vector<StateBlock> weights(const StateClass& state, const StateAxes& axes,
                                                int rank) const;

  static constexpr std::size_t expert_kinds = 2;

  const StateLayout* layout_;
  std::span<const StateClass> classes_;
  StateHolders holders_;
  StateAxes dense_;
  StateAxes experts_;
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
