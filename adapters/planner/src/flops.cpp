#include "rankmesh/planner/flops.hpp"

#include "rankmesh/planner/parameters.hpp"

namespace rankmesh::planner {

Flops forward_flops(const ModelConfig& model, std::int64_t sequence_length) {
  Flops flops;
  for (const bool has_experts : {false, true}) {
    const std::int64_t layers = has_experts ? model.expert_layers() : model.layers - model.expert_layers();
    for (const ParameterRow& row : layer_parameters(model, has_experts)) {
      if (row.is_matrix)
        flops.layers += 2.0 * static_cast<double>(layers) * static_cast<double>(row.each * row.active);
    }
  }
  const std::int64_t score = model.latent_rank > 0 ? model.nope_dim + model.rope_dim : model.head_dim;
  const std::int64_t value = model.latent_rank > 0 ? model.value_dim : model.head_dim;
  flops.attention = static_cast<double>(model.layers * model.heads * (score + value)) *
                    static_cast<double>(sequence_length);
  flops.head = 2.0 * static_cast<double>(model.vocabulary * model.hidden);
  return flops;
}

}  // namespace rankmesh::planner
