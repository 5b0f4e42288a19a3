#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "model_families.hpp"
#include "model_reader.hpp"
#include "rankmesh/files/shown_text.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::files {
namespace {

using nlohmann::json;
using planner::ModelConfig;
using Names = std::vector<std::string_view>;

/// The levels of nesting that a text may have, since the parser's memory grows with them.
constexpr int deepest_json = 32;

std::string_view noun_of(const json& value) {
  switch (value.type()) {
    case json::value_t::object:
      return "a table";
    case json::value_t::array:
      return "an array";
    case json::value_t::string:
      return "a text";
    case json::value_t::boolean:
      return "true or false";
    case json::value_t::number_float:
      return "a number with a fraction";
    default:
      return "a whole number";
  }
}

/// The keys of a file by name. A name with dots is that of a key in an object in the object.
class Fields {
 public:
  Fields(const json& object, std::vector<Diagnostic>& found) : object_(object), found_(found) {}

  /// The value of a key; null where it is absent or null.
  [[nodiscard]] const json* find(std::string_view name) const {
    const json* value = &object_;
    for (const std::string_view part : split_text(name, '.')) {
      if (!value->is_object()) return nullptr;
      const auto next = value->find(std::string(part));
      if (next == value->end() || next->is_null()) return nullptr;
      value = &*next;
    }
    return value;
  }

  /// The whole number of the first of some keys that the file has.
  [[nodiscard]] std::optional<std::int64_t> size(const Names& names) {
    for (const std::string_view name : names) {
      const json* value = find(name);
      if (value == nullptr) continue;
      if (value->is_number_integer() &&
          (!value->is_number_unsigned() || value->get<std::uint64_t>() <= INT64_MAX)) {
        const auto number = value->get<std::int64_t>();
        // So that the product of two sizes is a number too.
        const char* rule = number < 0 ? "is below 0" : number > INT32_MAX ? "is above 2147483647" : nullptr;
        if (rule == nullptr) return number;
        found_.push_back({.field = std::string(name), .value = std::to_string(number), .rule = rule});
        return 0;
      }
      refuse(name, *value, "a whole number is needed, without quotes");
      return 0;
    }
    return std::nullopt;
  }

  /// The same, or a default; a size without one must be there.
  [[nodiscard]] std::int64_t size(const Names& names, std::int64_t fallback) {
    if (const auto value = size(names)) return *value;
    if (fallback != 0) return fallback;
    std::string others = joined(Names(names.begin() + 1, names.end()), ", ");
    found_.push_back({.field = std::string(names.front()),
                      .rule = others.empty() ? "is missing" : "is missing (other names: " + others + ")",
                      .kind = Diagnostic::Kind::missing});
    return 0;
  }

  [[nodiscard]] bool flag(const FamilyFlag& flag) {
    const json* value = flag.key.empty() ? nullptr : find(flag.key);
    if (value == nullptr) return flag.value;
    if (value->is_boolean()) return value->get<bool>();
    refuse(flag.key, *value, "true or false is needed, without quotes");
    return false;
  }

  [[nodiscard]] std::string text(std::string_view name) {
    const json* value = find(name);
    if (value == nullptr) return {};
    if (value->is_string()) return value->get<std::string>();
    refuse(name, *value, "text in quotes is needed");
    return {};
  }

  [[nodiscard]] std::vector<std::int64_t> numbers(std::string_view name) {
    const json* value = find(name);
    if (value == nullptr) return {};
    const bool is_right =
        value->is_array() &&
        std::all_of(value->begin(), value->end(), [](const json& part) { return part.is_number_integer(); });
    if (is_right) return value->get<std::vector<std::int64_t>>();
    refuse(name, *value, "an array of whole numbers is needed: [2, 4]");
    return {};
  }

 private:
  void refuse(std::string_view name, const json& value, std::string_view words) {
    found_.push_back(
        {.field = std::string(name),
         .value = value.is_string() ? in_quotes(value.get<std::string>()) : value.dump().substr(0, 60),
         .rule = "is " + std::string(noun_of(value)) + ": " + std::string(words)});
  }

  const json& object_;
  std::vector<Diagnostic>& found_;
};

void read_attention(Fields& fields, const ModelFamily& family, ModelConfig& model) {
  model.heads = fields.size({"num_attention_heads", "n_head", "n_heads"}, family.heads);
  const bool has_one = fields.flag({.key = "multi_query"}) || fields.flag({.key = "multi_query_attention"});
  // Falcon counts its key and value heads only in its newer form.
  const bool is_counted = family.type != "falcon" || fields.flag({.key = "new_decoder_architecture"});
  const auto counted = is_counted ? fields.size({"num_key_value_heads", "num_kv_heads", "n_head_kv",
                                                 "multi_query_group_num", "attn_config.kv_n_heads"})
                                  : std::nullopt;
  model.kv_heads = counted ? *counted : has_one ? 1 : family.kv_heads > 0 ? family.kv_heads : model.heads;
  const std::int64_t equal_share = model.heads > 0 ? model.hidden / model.heads : 0;
  const auto head_dim = fields.size({"head_dim", "kv_channels"});
  model.head_dim = head_dim ? *head_dim : family.head_dim > 0 ? family.head_dim : equal_share;

  model.latent_rank = fields.size({"kv_lora_rank"}).value_or(0);
  if (model.latent_rank > 0) {
    model.query_rank = fields.size({"q_lora_rank"}).value_or(0);
    model.nope_dim = fields.size({"qk_nope_head_dim"}, 0);
    model.rope_dim = fields.size({"qk_rope_head_dim"}, 0);
    model.value_dim = fields.size({"v_head_dim"}, 0);
    model.head_dim = std::max<std::int64_t>(model.nope_dim + model.rope_dim, 1);
  }
}

/// The layers that have no experts, in the ways in which files say so.
std::vector<std::int64_t> dense_layers_of(Fields& fields, std::int64_t layers) {
  const std::int64_t first = fields.size({"first_k_dense_replace"}).value_or(0);
  const std::int64_t frequency = fields.size({"moe_layer_freq"}).value_or(1);
  // Counted from 1: every second, third, ... layer has experts.
  const std::int64_t step = fields.size({"decoder_sparse_step", "interleave_moe_layer_step"}).value_or(1);
  const std::vector<std::int64_t> listed = fields.numbers("mlp_only_layers");
  const std::vector<std::int64_t> with_experts = fields.numbers("moe_layers");
  std::vector<std::int64_t> dense;
  // A file with more layers is refused later.
  for (std::int64_t layer = 0; layer < std::min<std::int64_t>(layers, 1 << 20); ++layer) {
    const auto has = [&](const std::vector<std::int64_t>& list) {
      return std::find(list.begin(), list.end(), layer) != list.end();
    };
    const bool is_dense = layer < first || (frequency > 1 && layer % frequency != 0) ||
                          (step > 1 && (layer + 1) % step != 0) || has(listed) ||
                          (!with_experts.empty() && !has(with_experts));
    if (is_dense) dense.push_back(layer);
  }
  return dense;
}

void read_experts(Fields& fields, const ModelFamily& family, ModelConfig& model) {
  const auto experts = fields.size({"n_routed_experts", "num_local_experts", "num_experts", "moe_num_experts",
                                    "ffn_config.moe_num_experts"});
  const bool is_double = family.ffn_is_double;
  const std::int64_t factor =
      family.ffn_factor > 0 ? fields.size({"expansion_ratio"}).value_or(family.ffn_factor) : 0;
  const Names dense_names = {"intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size",
                             "ffn_config.ffn_hidden_size"};
  if (experts.value_or(0) < 2) {
    model.ffn = fields.size(dense_names, factor * model.hidden) / (is_double ? 2 : 1);
    return;
  }
  model.experts = *experts;
  model.experts_per_token = fields.size({"num_experts_per_tok", "experts_per_token", "num_experts_per_token",
                                         "moe_top_k", "moe_topk", "ffn_config.moe_top_k"},
                                        0);
  model.dense_layers = dense_layers_of(fields, model.layers);
  model.expert_ffn = family.experts_have_ffn
                         ? fields.size(dense_names, 0)
                         : fields.size({"moe_intermediate_size", "expert_ffn_hidden_size"}, 0);
  const Names names = {"intermediate_size_mlp", "intermediate_size"};
  model.ffn = model.dense_layers.empty() ? fields.size(names).value_or(0) : fields.size(names, 0);
  const std::int64_t shared =
      fields.size({"n_shared_experts", "num_shared_experts"}).value_or(family.shared_experts);
  model.shared_ffn = fields.size({"shared_expert_intermediate_size", "shared_intermediate_size"})
                         .value_or(shared * model.expert_ffn);
  // The published method of DeepSeek-V3 to balance experts; V2 has the key too, with other methods.
  model.router_bias = family.router_bias || fields.text("topk_method") == "noaux_tc";
  model.shared_gate = family.shared_gate;
}

void read_model(Fields& fields, const ModelFamily& family, ModelConfig& model) {
  model.layers = fields.size({"num_hidden_layers", "n_layer", "n_layers", "num_layers"}, 0);
  model.hidden = fields.size({"hidden_size", "n_embd", "d_model", "n_embed"}, 0);
  model.vocabulary = fields.size({"vocab_size", "padded_vocab_size"}, family.vocabulary);
  if (!family.positions_key.empty())
    model.positions = fields.size({family.positions_key}, 0) + family.more_positions;
  read_attention(fields, family, model);
  read_experts(fields, family, model);
  model.mtp_layers = fields.size({"num_nextn_predict_layers", "num_mtp_layers"}).value_or(0);

  const json* tied = fields.find("tie_word_embeddings");
  model.tied = tied == nullptr ? family.tied : fields.flag({.key = "tie_word_embeddings"});
  model.gated = family.gated;
  model.norms_per_layer = family.norms_per_layer;
  model.norm_values = family.norm_values;
  // Falcon has one norm a layer where attention and MLP have the same input, but for its newer form.
  if (family.type == "falcon" && fields.flag({.value = true, .key = "parallel_attn"}) &&
      !fields.flag({.key = "new_decoder_architecture"})) {
    model.norms_per_layer = 1;
  }
  model.embedding_norm = family.embedding_norm;
  model.qk_norm = fields.flag(family.qk_norm);
  model.qk_norm_full = fields.flag(family.qk_norm_full);
  model.qkv_bias = fields.flag(family.qkv_bias);
  model.output_bias = fields.flag(family.output_bias);
  model.mlp_bias = fields.flag(family.mlp_bias);
  model.head_bias = fields.flag(family.head_bias);
  model.sinks = family.sinks;
}

json parsed(std::string_view text, const std::string& source) {
  bool is_too_deep = false;
  const auto limit = [&](int depth, json::parse_event_t, json&) {
    is_too_deep = is_too_deep || depth > deepest_json;
    return !is_too_deep;
  };
  try {
    json root = json::parse(text.begin(), text.end(), limit);
    if (is_too_deep)
      throw FileError({.source = source}, "is nested too deeply for a configuration of a model");
    return root;
  } catch (const json::parse_error& error) {
    const std::string_view before = text.substr(0, error.byte > 0 ? error.byte - 1 : 0);
    const auto line = static_cast<int>(std::count(before.begin(), before.end(), '\n'));
    const auto column = static_cast<int>(before.size() - (before.rfind('\n') + 1));
    throw FileError({.source = source, .line = line + 1, .column = column + 1}, "is not JSON");
  }
}

}  // namespace

void read_model_json(std::string_view text, const std::string& source, ModelReading& reading) {
  const json root = parsed(text, source);
  // Models of text and pictures keep the sizes of their decoder apart.
  const auto nested = root.find("text_config");
  const bool is_nested = nested != root.end() && nested->is_object();
  Fields outer(root, reading.diagnostics);
  Fields fields(is_nested ? *nested : root, reading.diagnostics);
  std::string type = fields.text("model_type");
  if (type.empty() && is_nested) type = outer.text("model_type");
  if (type == "gemma3") type = "gemma3_text";
  if (is_nested) reading.notes.emplace_back("only the decoder in text_config is counted");

  const ModelFamily* family = find_model_family(type);
  if (family == nullptr) {
    family = &default_model_family();
    reading.notes.push_back("model_type " + (type.empty() ? "is missing" : shown(type) + " is unknown") +
                            ": its keys are read as those of Llama are, so parts may be missing");
  }
  read_model(fields, *family, reading.model);
  if (is_nested && outer.find("tie_word_embeddings") != nullptr &&
      fields.find("tie_word_embeddings") == nullptr)
    reading.model.tied = outer.flag({.key = "tie_word_embeddings"});
  reading.model.name = outer.text("_name_or_path");
  const json* architectures = outer.find("architectures");
  if (reading.model.name.empty() && architectures != nullptr && architectures->is_array() &&
      !architectures->empty() && architectures->front().is_string()) {
    reading.model.name = architectures->front().get<std::string>();
  }
}

}  // namespace rankmesh::files
