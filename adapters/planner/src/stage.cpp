#include "stage.hpp"

#include "shapes.hpp"

namespace rankmesh::planner {

Stage::Stage(const Work& work, const Layout& layout, std::int64_t number)
    : is_first(number == 0),
      is_last(number == layout.pp - 1) {
  const ModelConfig& model = work.model();
  const StageLayers layers(model.layers, layout.pp, number);
  with_experts = as_double(work.expert_layers_before(layers.first + layers.count) -
                           work.expert_layers_before(layers.first));
  without = as_double(layers.count) - with_experts;
  const double tp = as_double(layout.tp);
  const double hidden = as_double(model.hidden);
  if (is_last && model.mtp_layers > 0) {
    mtp = as_double(model.mtp_layers);
    (model.experts > 0 ? with_experts : without) += mtp;
    // Two norms and a projection of both inputs before the layer, a norm behind it.
    dense += mtp * (3 * as_double(model.norm_values) * hidden + 2 * hidden * hidden / tp);
  }
  dense += with_experts * work.dense_of_rank(true, tp) + without * work.dense_of_rank(false, tp);
  experts = with_experts * work.expert_parameters() / as_double(layout.ep * layout.etp);

  const double table = as_double(model.vocabulary) * hidden / tp;
  // Layers that predict further tokens embed them on the last stage.
  const bool has_copy = is_last && !is_first && (model.tied || model.mtp_layers > 0);
  if (is_first) {
    dense += table + as_double(model.positions) * hidden;
    if (model.embedding_norm) dense += as_double(model.norm_values) * hidden;
  }
  if (has_copy) dense += table;
  if (is_last) {
    if (!model.tied) dense += table;
    if (model.head_bias) dense += as_double(model.vocabulary) / tp;
    dense += as_double(model.norm_values) * hidden;
  }
  if (layout.pp > 1 && (is_first || has_copy) && (model.tied || model.mtp_layers > 0))
    shared_embedding = table;
}

double microbatches_of(const Training& training, const Layout& layout) {
  return as_double(training.global_batch) / as_double(training.micro_batch * layout.dp);
}

}  // namespace rankmesh::planner
