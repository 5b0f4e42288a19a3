#pragma once

#include "rankmesh/planner/model.hpp"

namespace rankmesh::tests {

/// A dense model with small numbers to count by hand.
inline planner::ModelConfig small_dense() {
  return {.layers = 2, .hidden = 8, .vocabulary = 10, .heads = 4, .kv_heads = 2, .head_dim = 2, .ffn = 16};
}

/// The same with experts in its second layer.
inline planner::ModelConfig small_moe() {
  planner::ModelConfig model = small_dense();
  model.experts = 4;
  model.experts_per_token = 2;
  model.expert_ffn = 3;
  model.shared_ffn = 5;
  model.dense_layers = {0};
  return model;
}

}  // namespace rankmesh::tests
