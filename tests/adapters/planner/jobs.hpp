#pragma once

#include "rankmesh/planner/search.hpp"

namespace rankmesh::tests {

/// GPT-3 of arXiv 2005.14165, as in arXiv 2205.05198.
inline planner::ModelConfig gpt3() {
  return {.layers = 96,
          .hidden = 12288,
          .vocabulary = 51200,
          .heads = 96,
          .kv_heads = 96,
          .head_dim = 128,
          .ffn = 4 * 12288,
          .norm_values = 2,
          .tied = true,
          .gated = false};
}

inline planner::ModelConfig mixtral() {
  return {.layers = 32,
          .hidden = 4096,
          .vocabulary = 32000,
          .heads = 32,
          .kv_heads = 8,
          .head_dim = 128,
          .experts = 8,
          .experts_per_token = 2,
          .expert_ffn = 14336};
}

inline planner::Machine nodes_of_h100(std::int64_t gpus) {
  return {.gpu = *planner::find_gpu("H100"), .gpus = gpus, .domain = 8};
}

}  // namespace rankmesh::tests
