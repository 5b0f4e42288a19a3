#include "rankmesh/planner/estimate.hpp"
#include "rankmesh/planner/flops.hpp"
#include "rankmesh/planner/parameters.hpp"
#include "shapes.hpp"

namespace rankmesh::planner {

Work::Work(const ModelConfig& model)
    : model_(model),
      expert_layers_(static_cast<std::size_t>(model.layers) + 1) {
  for (const bool has_experts : {false, true}) {
    for (const ParameterRow& row : layer_parameters(model, has_experts)) {
      const bool is_routed = row.part.starts_with("experts");
      const double values = as_double(row.each * row.count);
      (is_routed ? experts_ : dense_[has_experts ? 1 : 0]) += values;
      if (!row.is_divided) whole_[has_experts ? 1 : 0] += values;
    }
    if (model.experts == 0) break;
  }
  for (std::int64_t layer = 0; layer < model.layers; ++layer) {
    const auto i = static_cast<std::size_t>(layer);
    expert_layers_[i + 1] = expert_layers_[i] + (model.has_experts(layer) ? 1 : 0);
  }
  const Flops flops = forward_flops(model, 1);
  flops_ = flops.layers + flops.head;
  attention_flops_ = flops.attention;
}

double Work::step_flops(std::int64_t sequence_length) const noexcept {
  return 3 * (flops_ + attention_flops_ * as_double(sequence_length));
}

}  // namespace rankmesh::planner
