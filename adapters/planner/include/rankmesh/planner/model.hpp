#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/planner/export.hpp"
#include "rankmesh/topology/diagnostic.hpp"

namespace RANKMESH_PLANNER_API rankmesh {
namespace planner {

/// The sizes of a decoder-only transformer. All parameters follow from them.
struct ModelConfig {
  /// What to call the model; may be empty.
  std::string name{};
  /// Transformer layers, without layers that predict further tokens.
  std::int64_t layers = 0;
  /// Width of the residual stream.
  std::int64_t hidden = 0;
  /// Rows of the embedding table.
  std::int64_t vocabulary = 0;
  /// Rows of a table of learned positions; 0 if positions are computed.
  std::int64_t positions = 0;
  /// Query heads.
  std::int64_t heads = 0;
  /// Key and value heads: `heads` for multi-head attention, 1 for multi-query attention.
  std::int64_t kv_heads = 0;
  /// Channels of a head. With latent attention, see `nope_dim`, `rope_dim` and `value_dim`.
  std::int64_t head_dim = 0;
  /// Latent attention (MLA, arXiv 2405.04434): rank of keys and values. 0 for other attention.
  std::int64_t latent_rank = 0;
  /// Of latent attention: rank of queries; 0 if they are not compressed.
  std::int64_t query_rank = 0;
  /// Of latent attention: channels of a query or key head without position.
  std::int64_t nope_dim = 0;
  /// Of latent attention: channels of a query or key head with position.
  std::int64_t rope_dim = 0;
  /// Of latent attention: channels of a value head.
  std::int64_t value_dim = 0;
  /// Inner width of the MLP in layers without experts.
  std::int64_t ffn = 0;
  /// Routed experts of a layer; 0 for a dense model.
  std::int64_t experts = 0;
  /// Routed experts that process a token.
  std::int64_t experts_per_token = 0;
  /// Inner width of an expert.
  std::int64_t expert_ffn = 0;
  /// Inner width of all shared experts of a layer together.
  std::int64_t shared_ffn = 0;
  /// The layers that have an MLP and no experts, ascending, counted from 0. Ignored for a dense model.
  std::vector<std::int64_t> dense_layers{};
  /// Layers that predict further tokens (arXiv 2412.19437), each a block with experts and a projection.
  std::int64_t mtp_layers = 0;
  /// Norms of a layer beside those of queries and keys.
  std::int64_t norms_per_layer = 2;
  /// Parameters of a norm per channel: 1 for a scale (RMSNorm), 2 for a scale and a shift, 0 for neither.
  std::int64_t norm_values = 1;
  /// The embedding is the output matrix too.
  bool tied = false;
  /// MLPs and experts have a gate: three matrices, not two.
  bool gated = true;
  /// A norm behind the embedding.
  bool embedding_norm = false;
  /// Norms of queries and keys with the width of a head.
  bool qk_norm = false;
  /// Norms of queries and keys with the width of all heads.
  bool qk_norm_full = false;
  /// Biases of queries, keys and values.
  bool qkv_bias = false;
  /// Bias of the projection behind attention.
  bool output_bias = false;
  /// Biases of MLPs and experts.
  bool mlp_bias = false;
  /// A value per expert beside the router's matrix.
  bool router_bias = false;
  /// A gate of the shared experts: a matrix with one row.
  bool shared_gate = false;
  /// Bias of the output matrix.
  bool head_bias = false;
  /// A value per head in the softmax.
  bool sinks = false;

  /// Whether a layer has experts. O(log of the number of dense layers).
  [[nodiscard]] bool has_experts(std::int64_t layer) const noexcept;
  /// How many layers have experts.
  [[nodiscard]] std::int64_t expert_layers() const noexcept;

  bool operator==(const ModelConfig&) const = default;
};

/// A size or a flag of a model by its name in files and messages.
struct ModelField {
  /// The name of the member.
  std::string_view name;
  /// The member, if it is a size.
  std::int64_t ModelConfig::*size = nullptr;
  /// The least value of a size.
  std::int64_t least = 0;
  /// The greatest value of a size.
  std::int64_t most = 0;
  /// The member, if it is a flag.
  bool ModelConfig::*flag = nullptr;
};

/// All fields but the name and `dense_layers`.
[[nodiscard]] std::span<const ModelField> model_fields() noexcept;

/// Everything that is wrong with a model.
[[nodiscard]] std::vector<Diagnostic> check(const ModelConfig& model);

}  // namespace planner
}  // namespace rankmesh
