#pragma once

#include "rankmesh/planner/estimate.hpp"
#include "stage.hpp"

/// @file
/// The bytes of all messages, for time and traffic alike.

namespace rankmesh::planner {

/// Equal messages. Bytes are those of one: of a gather or a scatter those of the whole group, otherwise what
/// a rank sends.
struct Messages {
  double bytes = 0;
  double calls = 0;
};

/// The messages of one microbatch in the forward pass of a layer. Those of the backward pass are as many, but
/// for those around the ring of a context parallel group: gradients of keys and values travel beside them.
struct LayerMessages {
  LayerMessages(const ModelConfig& model, const Training& training, const Layout& layout, bool has_experts);

  /// Hidden states, gathered before attention, MLP and shared experts, and reduced and scattered behind them
  /// (arXiv 2205.05198, section 4.2.2).
  Messages tensor{};
  /// The same of the experts, whose tensor parallel groups have a size of their own.
  Messages expert_tensor{};
  /// Keys and values, to the next rank of the ring.
  Messages context{};
  /// Tokens to their experts and back.
  Messages expert{};
};

/// How often the messages of the forward pass are sent in a step, for each microbatch.
struct Passes {
  explicit Passes(const Training& training);

  /// Forward, backward, and forward again.
  double others = 0;
  double context = 0;
};

/// The reduce-scatter of the embedding's output and its gradient's all-gather in the first stage, and the
/// output matrix's messages in the last one, for one microbatch: forward and backward.
[[nodiscard]] Messages end_messages(const ModelConfig& model, const Training& training, const Layout& layout,
                                    const Stage& stage);

/// One message to the next stage, or back to the one before.
[[nodiscard]] double stage_bytes(const ModelConfig& model, const Training& training, const Layout& layout);

/// Gathered or scattered for each parameter in a step by all ranks that share it: its gradient and itself.
[[nodiscard]] double data_bytes(const Training& training, double microbatches);

}  // namespace rankmesh::planner
