#include <algorithm>
#include <cmath>

#include "estimate_parts.hpp"
#include "shapes.hpp"
#include "stage.hpp"

namespace rankmesh::planner {
namespace {

/// Bytes of what a rank keeps of a layer, for each token of a microbatch.
class KeptBytes {
 public:
  KeptBytes(const ModelConfig& model, const Training& training, const Layout& layout,
            const Constants& constants)
      : m_(model),
        t_(training),
        l_(layout),
        c_(constants),
        widths_(model, layout.tp),
        tp_(as_double(layout.tp)),
        sp_(training.sequence_parallel ? tp_ : 1),
        tokens_(as_double(training.micro_batch * training.sequence_length) / as_double(layout.cp)) {}

  [[nodiscard]] double tokens() const { return tokens_; }
  /// The input of a layer.
  [[nodiscard]] double input() const { return 2 * as_double(m_.hidden) / sp_ * tokens_; }

  /// All that the backward pass of a layer reads: arXiv 2205.05198, section 4.1, without what fused attention
  /// computes again, and with gated MLPs.
  [[nodiscard]] double layer(bool has_experts) const {
    const double hidden = as_double(m_.hidden);
    // The inputs of both norms, and their outputs.
    double bytes = 8 * hidden / sp_;
    if (!t_.fused_norms) bytes += c_.kept_norm * hidden / sp_;
    if (t_.dropout) bytes += 2 * hidden / sp_;
    return (bytes + attention() + (has_experts ? experts() : mlp(as_double(m_.ffn)))) * tokens_;
  }

  /// Gradients that the backward pass of a layer holds beside what was kept.
  [[nodiscard]] double gradients(bool has_experts) const {
    const double inner = has_experts ? as_double(m_.expert_ffn * m_.experts_per_token) : as_double(m_.ffn);
    return (2 * (inner_matrices(m_) + 1) * inner / tp_ + 4 * as_double(m_.hidden) / sp_) * tokens_;
  }

  /// Logits, loss and their gradients on the last stage, with the gradient of the output matrix.
  [[nodiscard]] double logits() const {
    const double vocabulary = as_double(m_.vocabulary);
    if (t_.loss == Loss::gathered) return tokens_ * vocabulary * c_.kept_logit;
    return tokens_ * vocabulary / tp_ * (t_.loss == Loss::fused ? 4 : 6) +
           2 * vocabulary * as_double(m_.hidden) / tp_ + input();
  }

 private:
  [[nodiscard]] double attention() const {
    double bytes = 2 * widths_.attention_values;
    // The norms of both latents, and their inputs; every tensor parallel rank has them.
    if (m_.latent_rank > 0) bytes += 4 * as_double(m_.query_rank + m_.latent_rank + m_.rope_dim);
    const double heads = as_double(m_.heads) / tp_;
    const bool has_scores = t_.attention == Attention::scores || t_.attention == Attention::plain;
    // A fused kernel keeps the sum of each row of the softmax.
    if (!has_scores) return bytes + 4 * heads;
    if (t_.recompute == Recompute::selective) return bytes;
    // The softmax and, with dropout, its mask and output.
    const double score = t_.attention == Attention::scores ? (t_.dropout ? 5 : 2) : c_.kept_score;
    return bytes + score * heads * as_double(t_.sequence_length) / as_double(l_.cp);
  }

  [[nodiscard]] double mlp(double inner) const {
    return 2 * (inner_matrices(m_) + 1) * inner / tp_ + (!t_.fused_mlp ? c_.kept_mlp * inner / tp_ : 0);
  }

  /// The input and the inner values of the experts that tokens are sent to. With as many tokens for each
  /// expert, a rank holds as many as it sends.
  [[nodiscard]] double experts() const {
    const double sent = as_double(m_.experts_per_token) / tp_;
    return sent * (2 * as_double(m_.hidden) + 2 * (inner_matrices(m_) + 1) * as_double(m_.expert_ffn)) +
           mlp(as_double(m_.shared_ffn));
  }

  const ModelConfig& m_;
  const Training& t_;
  const Layout& l_;
  const Constants& c_;
  Widths widths_;
  double tp_;
  double sp_;
  double tokens_;
};

/// The copies of a stage's activations: the microbatches between their forward and backward pass, with
/// interleaved stages as a fraction of the stage (arXiv 2205.05198, section 4.2.3).
double copies_in_flight(const Layout& layout, double microbatches, std::int64_t stage) {
  const double pp = as_double(layout.pp);
  const double vpp = as_double(layout.vpp);
  const double behind = pp - as_double(stage);
  if (layout.vpp == 1) return std::min(microbatches, behind);
  return std::min(microbatches * vpp, (behind - 1) * 2 + (vpp - 1) * pp + 1) / vpp;
}

}  // namespace

StageMemory memory_of_stage(const Work& work, const Training& training, const Layout& layout,
                            const Constants& constants, std::int64_t number) {
  const ModelConfig& model = work.model();
  const KeptBytes kept(model, training, layout, constants);
  const Stage stage(work, layout, number);
  const double tp = as_double(layout.tp);
  const double shards = as_double(layout.dp * layout.cp);
  const double expert_shards = as_double(std::max<std::int64_t>(1, layout.expert_dp()));
  const auto sharded = [&](int from) {
    return training.zero >= from ? stage.dense / shards + stage.experts / expert_shards
                                 : stage.dense + stage.experts;
  };
  StageMemory memory{.weights = 2 * sharded(3),
                     .gradients = training.gradient_bytes * sharded(2),
                     .optimizer = 12 * sharded(1)};
  const double largest_layer = std::max(stage.without > 0 ? work.dense_of_rank(false, tp) : 0.0,
                                        stage.with_experts > 0 ? work.dense_of_rank(true, tp) : 0.0);
  // The gathered weights of a layer and of the next one.
  if (training.zero >= 3) memory.weights += 4 * largest_layer;

  const double microbatches = microbatches_of(training, layout);
  const double of_experts = stage.with_experts > 0 ? kept.layer(true) : 0;
  const double of_others = stage.without > 0 ? kept.layer(false) : 0;
  double copy = stage.with_experts * of_experts + stage.without * of_others;
  if (training.recompute == Recompute::full) copy = stage.layers() * kept.input();
  memory.activations = copy * copies_in_flight(layout, microbatches, number);
  if (training.recompute == Recompute::full) memory.activations += std::max(of_experts, of_others);

  // Gradients of weights in 16 bits on their way into the buffer of gradients, one for each shape, of which
  // all experts have one.
  for (const bool has_experts : {false, true}) {
    if ((has_experts ? stage.with_experts : stage.without) == 0) continue;
    memory.temporary += 2 * work.dense_of_rank(has_experts, tp);
    if (has_experts) memory.temporary += 2 * work.expert_parameters() / as_double(model.experts * layout.etp);
  }
  const double backward = std::max(stage.with_experts > 0 ? kept.gradients(true) : 0.0,
                                   stage.without > 0 ? kept.gradients(false) : 0.0);
  memory.temporary += stage.is_last ? std::max(backward, kept.logits()) : backward;
  memory.overhead = constants.overhead_gib * gib + constants.fragmentation * memory.allocated();
  return memory;
}

std::vector<StageMemory> stage_memory(const Work& work, const Training& training, const Layout& layout,
                                      const Constants& constants) {
  std::vector<StageMemory> stages;
  for (std::int64_t stage = 0; stage < layout.pp; ++stage)
    stages.push_back(memory_of_stage(work, training, layout, constants, stage));
  return stages;
}

}  // namespace rankmesh::planner
