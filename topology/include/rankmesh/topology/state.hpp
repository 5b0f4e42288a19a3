#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/pipeline_layout.hpp"
#include "rankmesh/topology/shard.hpp"
#include "rankmesh/topology/state_holders.hpp"
#include "rankmesh/topology/topology.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// Which stages of a pipeline hold the tensors of a class.
enum class StatePlace {
  /// Each layer has one; it is on the stage of the layer.
  layers,
  /// The same for the layers of multi-token prediction (MTP).
  mtp,
  /// The word embedding, apart from the output matrix: the first stage, and the stage with MTP layers.
  embedding,
  /// The word embedding, whose weights are those of the output matrix: the stage of the loss too.
  tied_embedding,
  /// The first stage.
  first,
  /// The stage of the loss.
  last,
};

/// Tensors that all layouts divide in the same way: one row of the table that describes a model.
///
///     // The MLP: 14336 units of three rows or columns of 4096 values in bf16, divided over tensor ranks.
///     const rankmesh::StateClass mlp{.name = "mlp",
///                                    .is_split = true,
///                                    .units = 14336,
///                                    .unit_elements = 3 * 4096,
///                                    .element_bytes = 2};
struct StateClass {
  /// The name, different from those of the other classes.
  std::string name{};
  /// The stages.
  StatePlace place = StatePlace::layers;
  /// The layers that have such a tensor, counted from 0, ascending; empty if all have. For `layers` and
  /// `mtp`.
  std::vector<IndexRange> layers{};
  /// The experts of a layer, each with such a tensor, divided over the expert groups; 0 for other tensors.
  std::int64_t experts = 0;
  /// Whether the units are divided over the tensor group, or for experts over the expert tensor group. If
  /// not, each of these ranks holds all.
  bool is_split = false;
  /// What a layout keeps together: heads, rows or columns of a matrix. If fewer than the ranks that divide
  /// them, several ranks hold the same one, as with key and value heads.
  std::int64_t units = 1;
  /// Elements of a unit, at least 1.
  std::int64_t unit_elements = 1;
  /// Bytes of an element, at least 1.
  std::int64_t element_bytes = 1;
  /// The units are padded to a multiple of this number times the tensor parallel size, as Megatron pads the
  /// vocabulary. 0: the layout must divide the units.
  std::int64_t padded_to = 0;
  /// A state of the optimizer, which the distributed optimizer divides: see `StateLayout`.
  bool is_sharded = false;

  /// What intervals of the class count: units; of a sharded class elements.
  [[nodiscard]] constexpr std::int64_t length() const noexcept {
    return is_sharded ? units * unit_elements : units;
  }
  /// The bytes of one of them.
  [[nodiscard]] constexpr std::int64_t step_bytes() const noexcept {
    return is_sharded ? element_bytes : unit_elements * element_bytes;
  }

  bool operator==(const StateClass&) const = default;
};

/// A part of a class: the same interval of several layers and experts. Counts from 0.
struct StateBlock {
  /// The layers; 0 alone for a class that is not of layers.
  IndexRange layers{0, 1};
  /// The experts; 0 alone for a class without.
  IndexRange experts{0, 1};
  /// The interval of the units of each; of a sharded class, of the elements, unit by unit.
  IndexRange interval{0, 1};

  /// The units, or elements of a sharded class, of all layers and experts.
  [[nodiscard]] constexpr std::int64_t size() const noexcept {
    return layers.count * experts.count * interval.count;
  }

  bool operator==(const StateBlock&) const = default;
};

/// A layout as a checkpoint sees it. Which ranks hold the same, `state_holders` says for `topology` and
/// `state`.
///
/// The distributed optimizer flattens the sharded classes of a rank into one buffer: embeddings first, then
/// layer by layer in the order of the table, then MTP layers, then what the last stage alone has. Of each
/// tensor it takes expert by expert, unit by unit, with padding. The ranks of an optimizer instance that hold
/// the same weights take one part each, in the order of ranks, all equally long, the last padded. Classes of
/// experts have a buffer of their own.
///
/// In the convention `mesh` the axes have their usual meaning: weights are divided along tp and pp; those of
/// experts, on the first mesh that has ep or etp, along ep, etp (tp without it) and pp.
struct StateLayout {
  /// The groups.
  Topology topology;
  /// Which layers are on which stage.
  PipelineLayout layers;
  /// Whether the optimizer is distributed, by default as the layout says; and for meshes of one's own, the
  /// axes along which weights are repeated.
  StateOptions state{};

  bool operator==(const StateLayout&) const = default;
};

/// Everything that keeps a layout from dividing classes; empty if nothing does. Diagnostics of a class name
/// it in their field: `mlp units`. O(classes).
[[nodiscard]] std::vector<Diagnostic> check_state(const StateLayout& layout,
                                                  std::span<const StateClass> classes);

/// What a rank holds, for each class. O(layers of the stage * classes).
/// @throws ConfigError with the diagnostics of `check_state`
/// @throws RangeError if the layout does not have the rank
[[nodiscard]] std::vector<std::vector<StateBlock>> held_state(const StateLayout& layout,
                                                              std::span<const StateClass> classes, int rank);

}  // namespace rankmesh
