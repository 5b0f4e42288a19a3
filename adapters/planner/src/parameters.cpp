#include "rankmesh/planner/parameters.hpp"

#include <initializer_list>
#include <utility>

namespace rankmesh::planner {
namespace {

/// Collects the rows of a table.
class Rows {
 public:
  /// Matrices of one shape, divided over tensor parallel ranks.
  void matrix(std::string part, std::initializer_list<std::int64_t> factors, std::int64_t count = 1,
              std::int64_t active = -1) {
    add(std::move(part), factors, count, active, true, true);
  }
  /// A matrix that every tensor parallel rank holds.
  void whole_matrix(std::string part, std::initializer_list<std::int64_t> factors) {
    add(std::move(part), factors, 1, 1, true, false);
  }
  /// Vectors, or tables that tokens select rows of, divided over tensor parallel ranks.
  void values(std::string part, std::initializer_list<std::int64_t> factors, std::int64_t count = 1,
              std::int64_t active = -1) {
    add(std::move(part), factors, count, active, false, true);
  }
  /// Vectors that every tensor parallel rank holds.
  void whole_values(std::string part, std::initializer_list<std::int64_t> factors, std::int64_t count = 1) {
    add(std::move(part), factors, count, count, false, false);
  }

  std::vector<ParameterRow> take() { return std::exchange(rows_, {}); }

 private:
  void add(std::string part, std::initializer_list<std::int64_t> factors, std::int64_t count,
           std::int64_t active, bool is_matrix, bool is_divided) {
    ParameterRow row{.part = std::move(part),
                     .each = 1,
                     .count = count,
                     .active = active < 0 ? count : active,
                     .is_matrix = is_matrix,
                     .is_divided = is_divided};
    for (const std::int64_t factor : factors) {
      row.each *= factor;
      if (factor == 1 && factors.size() > 1) continue;
      row.formula += (row.formula.empty() ? "" : " x ") + std::to_string(factor);
    }
    if (row.each > 0 && row.count > 0) rows_.push_back(std::move(row));
  }

  std::vector<ParameterRow> rows_;
};

/// Latent attention: arXiv 2405.04434, equations 9 to 13.
void add_latent_attention(const ModelConfig& m, Rows& rows) {
  const std::int64_t query = m.nope_dim + m.rope_dim;
  if (m.query_rank > 0) {
    rows.whole_matrix("query down", {m.hidden, m.query_rank});
    rows.whole_values("query norm", {m.norm_values, m.query_rank});
    rows.matrix("query up", {m.query_rank, m.heads, query});
    if (m.qkv_bias) rows.whole_values("query down bias", {m.query_rank});
  } else {
    rows.matrix("query", {m.hidden, m.heads, query});
  }
  rows.whole_matrix("latent down", {m.hidden, m.latent_rank + m.rope_dim});
  rows.whole_values("latent norm", {m.norm_values, m.latent_rank});
  if (m.qkv_bias) rows.whole_values("latent down bias", {m.latent_rank + m.rope_dim});
  rows.matrix("key and value up", {m.latent_rank, m.heads, m.nope_dim + m.value_dim});
  rows.matrix("attention output", {m.heads, m.value_dim, m.hidden});
}

void add_attention(const ModelConfig& m, Rows& rows) {
  if (m.latent_rank > 0) {
    add_latent_attention(m, rows);
  } else {
    rows.matrix("query", {m.hidden, m.heads, m.head_dim});
    rows.matrix("key", {m.hidden, m.kv_heads, m.head_dim});
    rows.matrix("value", {m.hidden, m.kv_heads, m.head_dim});
    if (m.qkv_bias) rows.values("query, key and value bias", {m.heads + 2 * m.kv_heads, m.head_dim});
    if (m.qk_norm) rows.whole_values("query and key norm", {m.norm_values, m.head_dim}, 2);
    if (m.qk_norm_full) rows.values("query and key norm", {m.norm_values, m.heads + m.kv_heads, m.head_dim});
    rows.matrix("attention output", {m.heads, m.head_dim, m.hidden});
  }
  if (m.output_bias) rows.whole_values("attention output bias", {m.hidden});
  if (m.sinks) rows.values("sinks", {m.heads});
}

void add_mlp(const ModelConfig& m, bool has_experts, Rows& rows) {
  const std::int64_t inner = m.gated ? 2 : 1;
  if (!has_experts) {
    rows.matrix("MLP", {m.hidden, m.ffn}, inner + 1);
    if (m.mlp_bias) rows.whole_values("MLP bias", {inner * m.ffn + m.hidden});
    return;
  }
  rows.whole_matrix("router", {m.hidden, m.experts});
  if (m.router_bias) rows.whole_values("router bias", {m.experts});
  rows.matrix("experts", {m.hidden, m.expert_ffn}, (inner + 1) * m.experts,
              (inner + 1) * m.experts_per_token);
  if (m.mlp_bias)
    rows.values("experts bias", {inner * m.expert_ffn + m.hidden}, m.experts, m.experts_per_token);
  rows.matrix("shared experts", {m.hidden, m.shared_ffn}, inner + 1);
  if (m.shared_gate && m.shared_ffn > 0) rows.whole_matrix("shared expert gate", {m.hidden});
}

/// The rows of the output matrix and the final norm.
void add_end(const ModelConfig& m, Rows& rows) {
  rows.whole_values("final norm", {m.norm_values, m.hidden});
  if (!m.tied) rows.matrix("output", {m.vocabulary, m.hidden});
  if (m.head_bias) rows.values("output bias", {m.vocabulary});
}

std::int64_t sum_of(const std::vector<ParameterRow>& rows, std::int64_t ParameterRow::*count) {
  std::int64_t sum = 0;
  for (const ParameterRow& row : rows) sum += row.each * row.*count;
  return sum;
}

}  // namespace

std::vector<ParameterRow> layer_parameters(const ModelConfig& model, bool has_experts) {
  Rows rows;
  rows.whole_values("norm", {model.norm_values, model.hidden}, model.norms_per_layer);
  add_attention(model, rows);
  add_mlp(model, has_experts, rows);
  return rows.take();
}

std::vector<ParameterRow> parameter_table(const ModelConfig& model) {
  Rows rows;
  rows.values("embedding", {model.vocabulary, model.hidden});
  rows.whole_values("positions", {model.positions, model.hidden});
  if (model.embedding_norm) rows.whole_values("embedding norm", {model.norm_values, model.hidden});
  std::vector<ParameterRow> table = rows.take();

  const auto add_layers = [&](bool has_experts, std::int64_t layers) {
    if (layers == 0) return;
    for (ParameterRow row : layer_parameters(model, has_experts)) {
      row.count *= layers;
      row.active *= layers;
      bool is_known = false;
      for (ParameterRow& known : table) {
        // Rows of both kinds of layer stand in the table once.
        if (known.part != row.part || known.formula != row.formula) continue;
        known.count += row.count;
        known.active += row.active;
        is_known = true;
      }
      if (!is_known) table.push_back(std::move(row));
    }
  };
  add_layers(false, model.layers - model.expert_layers());
  add_layers(true, model.expert_layers());

  add_end(model, rows);
  for (ParameterRow& row : rows.take()) table.push_back(std::move(row));
  return table;
}

ParameterCount count_parameters(const ModelConfig& model) {
  const std::vector<ParameterRow> table = parameter_table(model);
  ParameterCount count{.total = sum_of(table, &ParameterRow::count),
                       .active = sum_of(table, &ParameterRow::active),
                       .embedding = model.vocabulary * model.hidden};
  if (model.mtp_layers > 0) {
    // arXiv 2412.19437, section 2.2: two norms and a projection of both inputs before a layer, and the norm
    // of the output behind it.
    const std::int64_t layer = sum_of(layer_parameters(model, model.experts > 0), &ParameterRow::count) +
                               3 * model.norm_values * model.hidden + 2 * model.hidden * model.hidden;
    count.mtp_unique = model.mtp_layers * layer;
    count.mtp_stored = count.mtp_unique + model.mtp_layers * 2 * count.embedding;
  }
  return count;
}

}  // namespace rankmesh::planner
