#pragma once

#include <cstdint>

#include "rankmesh/planner/export.hpp"
#include "rankmesh/planner/model.hpp"

namespace RANKMESH_PLANNER_API rankmesh {
namespace planner {

/// Floating-point operations of a forward pass for one token; a multiplication and an addition are two.
/// Training takes three times as many: the backward pass computes gradients of inputs and of weights
/// (arXiv 2104.04473, appendix).
struct Flops {
  /// The matrices of all layers: twice their active values.
  double layers = 0;
  /// Attention scores and their product with the values, where a token sees half of the sequence on average.
  double attention = 0;
  /// The output matrix.
  double head = 0;

  /// The sum.
  [[nodiscard]] double total() const noexcept { return layers + attention + head; }

  bool operator==(const Flops&) const = default;
};

/// The operations for one token of a sequence.
/// @param model one with nothing for `check` to report
[[nodiscard]] Flops forward_flops(const ModelConfig& model, std::int64_t sequence_length);

}  // namespace planner
}  // namespace rankmesh
