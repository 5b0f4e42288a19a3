#pragma once

#include <cstdint>
#include <vector>

#include "rankmesh/planner/export.hpp"
#include "rankmesh/planner/machine.hpp"
#include "rankmesh/planner/model.hpp"
#include "rankmesh/planner/order.hpp"
#include "rankmesh/topology/diagnostic.hpp"

namespace RANKMESH_PLANNER_API rankmesh {
namespace planner {

/// What the backward pass computes again instead of keeping it (arXiv 2205.05198).
enum class Recompute {
  /// Nothing.
  none,
  /// Attention between query and output projection.
  selective,
  /// Every layer, from its input.
  full,
};

/// The numbers of the matrix multiplications.
enum class Precision {
  /// 16 bits.
  bf16,
  /// 8 bits with one scale for a tensor.
  fp8,
  /// 8 bits with a scale for each block of 32.
  mxfp8,
  /// 4 bits with a scale for each block of 16.
  nvfp4,
};

/// How attention is computed.
enum class Attention {
  /// The vendor's fused kernel.
  fused,
  /// FlashAttention 2, which PyTorch uses too.
  flash2,
  /// FlashAttention 1.
  flash1,
  /// Scores in memory, with a fused softmax, as in Megatron-LM before FlashAttention.
  scores,
  /// Scores in memory, with PyTorch's operations.
  plain,
};

/// How the loss is computed from the logits.
enum class Loss {
  /// Each tensor parallel rank has a part of the vocabulary, and a copy of its logits in 32 bits.
  parallel,
  /// The same in one kernel without such a copy.
  fused,
  /// PyTorch's cross entropy of all logits, gathered on each tensor parallel rank.
  gathered,
};

/// How a model is trained.
struct Training {
  /// Tokens of a sequence.
  std::int64_t sequence_length = 4096;
  /// Sequences of a step.
  std::int64_t global_batch = 1;
  /// Sequences that a replica processes at a time.
  std::int64_t micro_batch = 1;
  /// What is computed again.
  Recompute recompute = Recompute::none;
  /// The numbers of the matrix multiplications.
  Precision precision = Precision::bf16;
  /// How attention is computed.
  Attention attention = Attention::fused;
  /// What is sharded over data parallel ranks (arXiv 1910.02054): 0 nothing, 1 the optimizer's state, as
  /// Megatron's distributed optimizer does, 2 gradients too, 3 weights too.
  int zero = 1;
  /// Bytes of a gradient: 4, or 2 for bf16.
  int gradient_bytes = 4;
  /// The pipeline delays gradients of weights to where stages would wait: the schedule ZB-H1 of
  /// arXiv 2401.10241, which needs no more memory. Not with parts of stages.
  bool zero_bubble = false;
  /// Norms and residuals are divided over tensor parallel ranks (arXiv 2205.05198).
  bool sequence_parallel = true;
  /// Dropout, whose masks are kept.
  bool dropout = false;
  /// How the loss is computed from the logits.
  Loss loss = Loss::parallel;
  /// Norms in one kernel, not in PyTorch's separate operations.
  bool fused_norms = true;
  /// The activation of the MLP, and its product with the gate, in one kernel.
  bool fused_mlp = true;
  /// Steps are recorded in CUDA graphs: kernels start without waiting for the host. With experts, no number
  /// of tokens may then depend on what the host reads.
  bool graphs = false;
  /// Tokens are put in the order of their experts while they are sent, in one kernel, as with HybridEP of
  /// Megatron-Core.
  bool fused_experts = false;

  bool operator==(const Training&) const = default;
};

/// The sizes of a layout, and the order in which ranks are numbered, as in Megatron-Core.
struct Layout {
  /// Tensor parallel size.
  std::int64_t tp = 1;
  /// Context parallel size.
  std::int64_t cp = 1;
  /// Expert parallel size.
  std::int64_t ep = 1;
  /// Tensor parallel size of the experts.
  std::int64_t etp = 1;
  /// Pipeline stages.
  std::int64_t pp = 1;
  /// Parts of the model on each stage.
  std::int64_t vpp = 1;
  /// Data parallel size.
  std::int64_t dp = 1;
  /// The order of the axes.
  Order order{};

  /// Ranks.
  [[nodiscard]] std::int64_t world() const noexcept { return tp * cp * pp * dp; }
  /// Data parallel size of the experts; 0 if the sizes do not divide the ranks.
  [[nodiscard]] std::int64_t expert_dp() const noexcept {
    const std::int64_t ranks = tp * cp * dp;
    return ranks % (ep * etp) == 0 ? ranks / (ep * etp) : 0;
  }
  /// The most layers of a stage.
  [[nodiscard]] std::int64_t layers_of_stage(std::int64_t layers) const noexcept {
    return (layers + pp - 1) / pp;
  }

  bool operator==(const Layout&) const = default;
};

/// Everything that keeps a model from being trained so: sizes that do not divide heads, experts, layers,
/// batch or GPUs, and an order that Megatron-Core refuses for these sizes.
[[nodiscard]] std::vector<Diagnostic> check(const ModelConfig& model, const Machine& machine,
                                            const Training& training, const Layout& layout);

}  // namespace planner
}  // namespace rankmesh
