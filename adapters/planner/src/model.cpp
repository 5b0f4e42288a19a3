#include "rankmesh/planner/model.hpp"

#include <algorithm>
#include <array>

namespace rankmesh::planner {
namespace {

constexpr std::int64_t most_layers = 1 << 14;
constexpr std::int64_t most_width = 1 << 22;
constexpr std::int64_t most_rows = 1 << 26;

using M = ModelConfig;
constexpr std::array fields{
    ModelField{.name = "layers", .size = &M::layers, .least = 1, .most = most_layers},
    ModelField{.name = "hidden", .size = &M::hidden, .least = 1, .most = most_width},
    ModelField{.name = "vocabulary", .size = &M::vocabulary, .least = 1, .most = most_rows},
    ModelField{.name = "positions", .size = &M::positions, .least = 0, .most = most_rows},
    ModelField{.name = "heads", .size = &M::heads, .least = 1, .most = most_layers},
    ModelField{.name = "kv_heads", .size = &M::kv_heads, .least = 1, .most = most_layers},
    ModelField{.name = "head_dim", .size = &M::head_dim, .least = 1, .most = most_layers},
    ModelField{.name = "latent_rank", .size = &M::latent_rank, .least = 0, .most = most_width},
    ModelField{.name = "query_rank", .size = &M::query_rank, .least = 0, .most = most_width},
    ModelField{.name = "nope_dim", .size = &M::nope_dim, .least = 0, .most = most_layers},
    ModelField{.name = "rope_dim", .size = &M::rope_dim, .least = 0, .most = most_layers},
    ModelField{.name = "value_dim", .size = &M::value_dim, .least = 0, .most = most_layers},
    ModelField{.name = "ffn", .size = &M::ffn, .least = 0, .most = most_width},
    ModelField{.name = "experts", .size = &M::experts, .least = 0, .most = most_layers},
    ModelField{.name = "experts_per_token", .size = &M::experts_per_token, .least = 0, .most = most_layers},
    ModelField{.name = "expert_ffn", .size = &M::expert_ffn, .least = 0, .most = most_width},
    ModelField{.name = "shared_ffn", .size = &M::shared_ffn, .least = 0, .most = most_width},
    ModelField{.name = "mtp_layers", .size = &M::mtp_layers, .least = 0, .most = most_layers},
    ModelField{.name = "norms_per_layer", .size = &M::norms_per_layer, .least = 0, .most = 8},
    ModelField{.name = "norm_values", .size = &M::norm_values, .least = 0, .most = 2},
    ModelField{.name = "tied", .flag = &M::tied},
    ModelField{.name = "gated", .flag = &M::gated},
    ModelField{.name = "embedding_norm", .flag = &M::embedding_norm},
    ModelField{.name = "qk_norm", .flag = &M::qk_norm},
    ModelField{.name = "qk_norm_full", .flag = &M::qk_norm_full},
    ModelField{.name = "qkv_bias", .flag = &M::qkv_bias},
    ModelField{.name = "output_bias", .flag = &M::output_bias},
    ModelField{.name = "mlp_bias", .flag = &M::mlp_bias},
    ModelField{.name = "router_bias", .flag = &M::router_bias},
    ModelField{.name = "shared_gate", .flag = &M::shared_gate},
    ModelField{.name = "head_bias", .flag = &M::head_bias},
    ModelField{.name = "sinks", .flag = &M::sinks},
};

void check_attention(const ModelConfig& model, Diagnostics& found) {
  if (model.kv_heads >= 1 && model.heads % model.kv_heads != 0) {
    found.add("kv_heads", model.kv_heads, "does not divide " + Phrase::field("heads", model.heads));
  }
  const bool is_latent = model.latent_rank > 0;
  for (const char* name : {"nope_dim", "rope_dim", "value_dim"}) {
    const auto* field =
        std::find_if(fields.begin(), fields.end(), [&](const ModelField& f) { return f.name == name; });
    const std::int64_t value = model.*field->size;
    if (is_latent && value < 1)
      found.add(name, value, "is below 1, but " + Phrase::field("latent_rank", model.latent_rank));
    if (!is_latent && value > 0) found.add(name, value, "needs latent attention, but latent_rank = 0");
  }
  if (!is_latent && model.query_rank > 0)
    found.add("query_rank", model.query_rank, "needs latent attention, but latent_rank = 0");
}

void check_experts(const ModelConfig& model, Diagnostics& found) {
  if (model.experts == 0) {
    if (model.ffn < 1) found.add("ffn", model.ffn, "is below 1, but there are no experts");
    for (const auto& [name, value] : {std::pair{"experts_per_token", model.experts_per_token},
                                      {"expert_ffn", model.expert_ffn},
                                      {"shared_ffn", model.shared_ffn}}) {
      if (value > 0) found.add(name, value, "needs experts, but experts = 0");
    }
    return;
  }
  if (model.experts_per_token < 1 || model.experts_per_token > model.experts)
    found.add("experts_per_token", model.experts_per_token,
              "is not 1 .. " + Phrase::field("experts", model.experts));
  if (model.expert_ffn < 1) found.add("expert_ffn", model.expert_ffn, "is below 1, but there are experts");
  for (std::size_t i = 0; i < model.dense_layers.size(); ++i) {
    const std::int64_t layer = model.dense_layers[i];
    if (layer < 0 || layer >= model.layers)
      found.add("dense_layers", layer, "is no layer of " + Phrase::field("layers", model.layers));
    if (i > 0 && layer <= model.dense_layers[i - 1])
      found.add("dense_layers", layer, "is not above the layer before it");
  }
  if (!model.dense_layers.empty() && model.ffn < 1)
    found.add("ffn", model.ffn, "is below 1, but there are layers without experts");
}

/// An upper bound of all parameters, in floating point, since it may be too large for an integer.
double most_parameters(const ModelConfig& model) {
  const auto d = [](std::int64_t value) { return static_cast<double>(value); };
  const double width =
      d(model.heads) * (d(model.head_dim) + d(model.nope_dim) + d(model.rope_dim) + d(model.value_dim));
  const double mlps = d(model.ffn) + d(model.experts) * (d(model.expert_ffn) + 2) + d(model.shared_ffn);
  const double layer =
      (d(model.hidden) + d(model.latent_rank) + d(model.query_rank) + 8) *
      (8 * width + 4 * mlps + 4 * d(model.hidden) + d(model.query_rank) + d(model.latent_rank));
  return (d(model.layers) + d(model.mtp_layers)) * (layer + 2 * d(model.vocabulary) * d(model.hidden)) +
         (2 * d(model.vocabulary) + d(model.positions)) * d(model.hidden);
}

}  // namespace

bool ModelConfig::has_experts(std::int64_t layer) const noexcept {
  return experts > 0 && !std::binary_search(dense_layers.begin(), dense_layers.end(), layer);
}

std::int64_t ModelConfig::expert_layers() const noexcept {
  return experts > 0 ? layers - static_cast<std::int64_t>(dense_layers.size()) : 0;
}

std::span<const ModelField> model_fields() noexcept {
  return fields;
}

std::vector<Diagnostic> check(const ModelConfig& model) {
  Diagnostics found;
  for (const ModelField& field : fields) {
    if (field.size == nullptr) continue;
    const std::int64_t value = model.*field.size;
    if (value < field.least) found.add(field.name, value, "is below " + std::to_string(field.least));
    if (value > field.most) found.add(field.name, value, "is above " + std::to_string(field.most));
  }
  check_attention(model, found);
  check_experts(model, found);
  if (found.empty() && most_parameters(model) > 9e18)
    found.add("layers", model.layers, "gives more parameters than a 64-bit number counts");
  return found.take();
}

}  // namespace rankmesh::planner
