#pragma once

#include <algorithm>
#include <cstdint>

#include "rankmesh/planner/job.hpp"
#include "rankmesh/planner/model.hpp"

namespace rankmesh::planner {

inline double as_double(std::int64_t value) {
  return static_cast<double>(value);
}

/// Widths of a model, per rank of a tensor parallel group.
struct Widths {
  /// Channels of queries, keys and values that attention reads, and of its output.
  double attention_values = 0;
  /// Channels of its output.
  double attention_output = 0;
  /// Channels of keys and values.
  double keys_and_values = 0;
  /// Channels of all scores and products of a pair of tokens.
  double attention_pair = 0;

  Widths(const ModelConfig& m, std::int64_t tp) {
    const double heads = as_double(m.heads) / as_double(tp);
    if (m.latent_rank > 0) {
      const double query = as_double(m.nope_dim + m.rope_dim);
      attention_output = heads * as_double(m.value_dim);
      keys_and_values = heads * query + attention_output;
      attention_values = heads * query + keys_and_values + attention_output;
      attention_pair = keys_and_values;
    } else {
      attention_output = heads * as_double(m.head_dim);
      // A rank has a key and value head even where there are fewer than ranks.
      keys_and_values = 2 * std::max(1.0, as_double(m.kv_heads) / as_double(tp)) * as_double(m.head_dim);
      attention_values = 2 * attention_output + keys_and_values;
      attention_pair = 2 * attention_output;
    }
  }
};

/// The inner matrices of an MLP: gate and up, or up alone.
inline double inner_matrices(const ModelConfig& model) {
  return model.gated ? 2.0 : 1.0;
}

/// Layers of a stage: the first stages have one more where they do not divide.
struct StageLayers {
  std::int64_t first = 0;
  std::int64_t count = 0;

  StageLayers(std::int64_t layers, std::int64_t stages, std::int64_t stage) {
    const std::int64_t each = layers / stages;
    const std::int64_t more = layers % stages;
    first = stage * each + std::min(stage, more);
    count = each + (stage < more ? 1 : 0);
  }
};

}  // namespace rankmesh::planner
