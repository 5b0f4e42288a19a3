#include "rankmesh/planner/state_classes.hpp"

#include <cstddef>
#include <string>
#include <utility>

namespace rankmesh::planner {
namespace {

/// Layers with or without experts, counted from 0. Empty if they are none or all.
struct LayerKinds {
  std::vector<IndexRange> dense{};
  std::vector<IndexRange> experts{};
};

LayerKinds layer_kinds(const ModelConfig& m) {
  LayerKinds kinds;
  for (std::int64_t layer = 0; layer < m.layers; ++layer) {
    std::vector<IndexRange>& ranges = m.has_experts(layer) ? kinds.experts : kinds.dense;
    if (!ranges.empty() && ranges.back().end() == layer) {
      ++ranges.back().count;
    } else {
      ranges.push_back({layer, 1});
    }
  }
  if (kinds.dense.empty() || kinds.experts.empty()) return {};
  return kinds;
}

/// Values that every tensor parallel rank of a layer has, of queries, keys and values.
std::int64_t shared_attention_values(const ModelConfig& m) {
  std::int64_t values = m.output_bias ? m.hidden : 0;
  if (m.latent_rank > 0) {
    const std::int64_t down = m.latent_rank + m.rope_dim + m.query_rank;
    return values + (m.hidden + (m.qkv_bias ? 1 : 0)) * down + m.norm_values * (m.latent_rank + m.query_rank);
  }
  if (m.qk_norm) values += 2 * m.norm_values * m.head_dim;
  if (m.qk_norm_full) values += m.norm_values * (m.heads + m.kv_heads) * m.head_dim;
  return values;
}

/// Values that a query head, and a key and value head have.
struct HeadValues {
  std::int64_t query = 0;
  std::int64_t key = 0;
};

HeadValues head_values(const ModelConfig& m) {
  const std::int64_t sink = m.sinks ? 1 : 0;
  if (m.latent_rank > 0) {
    const std::int64_t query_in = m.query_rank > 0 ? m.query_rank : m.hidden;
    return {query_in * (m.nope_dim + m.rope_dim) + m.latent_rank * (m.nope_dim + m.value_dim) +
                m.value_dim * m.hidden + sink,
            0};
  }
  const std::int64_t bias = m.qkv_bias ? 1 : 0;
  return {(2 * m.hidden + bias) * m.head_dim + sink, 2 * (m.hidden + bias) * m.head_dim};
}

/// Collects the rows of a table.
class Classes {
 public:
  Classes(const ModelConfig& model, const StateSizes& sizes) : m_(model), sizes_(sizes) {}

  void add(StateClass row) {
    if (row.units == 0 || row.unit_elements == 0) return;
    row.element_bytes = sizes_.weight_bytes;
    rows_.push_back(std::move(row));
  }

  void add_ends() {
    const StatePlace embedding = m_.tied ? StatePlace::tied_embedding : StatePlace::embedding;
    add_vocabulary("embedding", embedding, m_.hidden);
    add({.name = "positions",
         .place = StatePlace::first,
         .unit_elements = (m_.positions + (m_.embedding_norm ? m_.norm_values : 0)) * m_.hidden});
    add_vocabulary("output", StatePlace::last, (m_.tied ? 0 : m_.hidden) + (m_.head_bias ? 1 : 0));
    add({.name = "final norm", .place = StatePlace::last, .unit_elements = m_.norm_values * m_.hidden});
  }

  /// @param prefix of the names
  void add_layers(StatePlace place, const std::string& prefix, const LayerKinds& kinds, bool has_dense,
                  bool has_experts) {
    const auto [query, key] = head_values(m_);
    if (m_.kv_heads == m_.heads || key == 0) {
      add({.name = prefix + "attention",
           .place = place,
           .is_split = true,
           .units = m_.heads,
           .unit_elements = query + key});
    } else {
      add({.name = prefix + "query and output",
           .place = place,
           .is_split = true,
           .units = m_.heads,
           .unit_elements = query});
      add({.name = prefix + "key and value",
           .place = place,
           .is_split = true,
           .units = m_.kv_heads,
           .unit_elements = key});
    }
    if (has_dense) add_mlp(place, prefix, kinds.dense);
    if (has_experts) add_experts(place, prefix, kinds.experts);
    std::int64_t norms = m_.norms_per_layer * m_.norm_values * m_.hidden + shared_attention_values(m_);
    if (place == StatePlace::mtp) {
      // Two norms and a projection of both inputs before the layer, and a norm behind it.
      norms += 3 * m_.norm_values * m_.hidden;
      add({.name = prefix + "projection",
           .place = place,
           .is_split = true,
           .units = m_.hidden,
           .unit_elements = 2 * m_.hidden});
    }
    add({.name = prefix + "norms", .place = place, .unit_elements = norms});
  }

  /// The weights, and behind them the states of the optimizer.
  std::vector<StateClass> take() {
    const std::size_t weights = rows_.size();
    for (std::size_t i = 0; i < weights && sizes_.optimizer_bytes > 0; ++i) {
      StateClass row = rows_[i];
      row.name += " optimizer";
      row.element_bytes = sizes_.optimizer_bytes;
      row.is_sharded = true;
      rows_.push_back(std::move(row));
    }
    return std::exchange(rows_, {});
  }

 private:
  void add_vocabulary(const char* name, StatePlace place, std::int64_t values) {
    add({.name = name,
         .place = place,
         .is_split = true,
         .units = m_.vocabulary,
         .unit_elements = values,
         .padded_to = sizes_.vocabulary_multiple});
  }

  void add_mlp(StatePlace place, const std::string& prefix, const std::vector<IndexRange>& layers) {
    add({.name = prefix + "mlp",
         .place = place,
         .layers = layers,
         .is_split = true,
         .units = m_.ffn,
         .unit_elements = inner() * (m_.hidden + (m_.mlp_bias ? 1 : 0)) + m_.hidden});
    add({.name = prefix + "mlp bias",
         .place = place,
         .layers = layers,
         .unit_elements = m_.mlp_bias ? m_.hidden : 0});
  }

  void add_experts(StatePlace place, const std::string& prefix, const std::vector<IndexRange>& layers) {
    add({.name = prefix + "experts",
         .place = place,
         .layers = layers,
         .experts = m_.experts,
         .is_split = true,
         .units = m_.expert_ffn,
         .unit_elements = inner() * (m_.hidden + (m_.mlp_bias ? 1 : 0)) + m_.hidden});
    add({.name = prefix + "experts bias",
         .place = place,
         .layers = layers,
         .experts = m_.experts,
         .unit_elements = m_.mlp_bias ? m_.hidden : 0});
    add({.name = prefix + "shared experts",
         .place = place,
         .layers = layers,
         .is_split = true,
         .units = m_.shared_ffn,
         .unit_elements = (inner() + 1) * m_.hidden});
    const bool has_gate = m_.shared_gate && m_.shared_ffn > 0;
    add({.name = prefix + "router",
         .place = place,
         .layers = layers,
         .unit_elements = m_.experts * (m_.hidden + (m_.router_bias ? 1 : 0)) + (has_gate ? m_.hidden : 0)});
  }

  [[nodiscard]] std::int64_t inner() const { return m_.gated ? 2 : 1; }

  const ModelConfig& m_;
  StateSizes sizes_;
  std::vector<StateClass> rows_;
};

}  // namespace

std::vector<StateClass> state_classes(const ModelConfig& model, const StateSizes& sizes) {
  Classes classes(model, sizes);
  classes.add_ends();
  const std::int64_t with_experts = model.expert_layers();
  classes.add_layers(StatePlace::layers, "", layer_kinds(model), with_experts<model.layers, with_experts> 0);
  if (model.mtp_layers > 0)
    classes.add_layers(StatePlace::mtp, "mtp ", {}, model.experts == 0, model.experts > 0);
  return classes.take();
}

}  // namespace rankmesh::planner
