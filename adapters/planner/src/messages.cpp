#include "messages.hpp"

#include "shapes.hpp"

namespace rankmesh::planner {
namespace {

double tokens_of(const Training& training, const Layout& layout) {
  return as_double(training.micro_batch * training.sequence_length) / as_double(layout.cp);
}

/// The hidden states of all ranks of a tensor parallel group, in 16 bits.
double hidden_bytes(const ModelConfig& model, const Training& training, const Layout& layout) {
  return 2 * tokens_of(training, layout) * as_double(model.hidden);
}

}  // namespace

LayerMessages::LayerMessages(const ModelConfig& model, const Training& training, const Layout& layout,
                             bool has_experts) {
  const double hidden = hidden_bytes(model, training, layout);
  if (layout.tp > 1) {
    const bool has_mlp = !has_experts || model.shared_ffn > 0;
    tensor = {.bytes = hidden, .calls = has_mlp ? 4.0 : 2.0};
  }
  if (layout.cp > 1) {
    context = {.bytes = 2 * Widths(model, layout.tp).keys_and_values * tokens_of(training, layout),
               .calls = as_double(layout.cp - 1)};
  }
  if (!has_experts) return;
  // With as many tokens for each expert, a rank receives as many as it sends.
  const double sent = hidden * as_double(model.experts_per_token) / as_double(layout.tp);
  if (layout.etp > 1) expert_tensor = {.bytes = sent * as_double(layout.etp), .calls = 2};
  if (layout.ep > 1) expert = {.bytes = sent, .calls = 2};
}

Passes::Passes(const Training& training) {
  const double again = training.recompute == Recompute::full ? 1 : 0;
  others = 2 + again;
  context = 3 + again;
}

Messages end_messages(const ModelConfig& model, const Training& training, const Layout& layout,
                      const Stage& stage) {
  if (layout.tp == 1) return {};
  const double ends = (stage.is_first ? 1 : 0) + (stage.is_last ? 1 : 0) + 2 * stage.mtp;
  return {.bytes = hidden_bytes(model, training, layout), .calls = 2 * ends};
}

double stage_bytes(const ModelConfig& model, const Training& training, const Layout& layout) {
  return hidden_bytes(model, training, layout) / (training.sequence_parallel ? as_double(layout.tp) : 1);
}

double data_bytes(const Training& training, double microbatches) {
  // Each microbatch gathers the weights twice and reduces the gradients in their own type.
  if (training.zero >= 3) return (4.0 + training.gradient_bytes) * microbatches;
  return training.zero == 0 ? 2.0 * training.gradient_bytes : training.gradient_bytes + 2.0;
}

}  // namespace rankmesh::planner
