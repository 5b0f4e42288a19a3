#pragma once

#include <cstdint>
#include <vector>

#include "rankmesh/planner/export.hpp"
#include "rankmesh/planner/model.hpp"
#include "rankmesh/topology/state.hpp"

namespace RANKMESH_PLANNER_API rankmesh {
namespace planner {

/// The bytes of a model's state in training.
struct StateSizes {
  /// Bytes of a weight.
  std::int64_t weight_bytes = 2;
  /// Bytes that the optimizer keeps for a weight: three 32-bit numbers. 0: the optimizer is left out.
  std::int64_t optimizer_bytes = 12;
  /// The vocabulary is padded to a multiple of this number times the tensor parallel size.
  std::int64_t vocabulary_multiple = 128;

  bool operator==(const StateSizes&) const = default;
};

/// The table of a model for `reshard`: its tensors by how Megatron-Core divides them. Attention is divided by
/// heads, MLPs and experts by their inner width, embedding and output matrix by the padded vocabulary; norms,
/// routers and what compresses queries, keys and values are on every tensor parallel rank. Behind the weights
/// stand the states of the optimizer, `mlp optimizer` for `mlp`. The elements of the weights add up to
/// `count_parameters`, with `mtp_unique` for the MTP layers.
/// @param model sizes of 0 leave their tensors out
[[nodiscard]] std::vector<StateClass> state_classes(const ModelConfig& model, const StateSizes& sizes = {});

}  // namespace planner
}  // namespace rankmesh
