#pragma once

#include <cstdint>
#include <string_view>

namespace rankmesh::files {

/// A flag of an architecture: the value of a key of `config.json` if the file has it, else a default.
struct FamilyFlag {
  bool value = false;
  /// Empty if the architecture fixes the value.
  std::string_view key{};
};

/// What an architecture fixes, beside the sizes in `config.json`: the defaults and the layers of the class of
/// its name in Hugging Face's transformers.
struct ModelFamily {
  /// `model_type` in `config.json`.
  std::string_view type;
  bool tied = false;
  bool gated = true;
  std::int64_t norms_per_layer = 2;
  std::int64_t norm_values = 1;
  FamilyFlag qkv_bias{};
  FamilyFlag output_bias{};
  FamilyFlag mlp_bias{};
  FamilyFlag head_bias{};
  /// Norms of queries and keys with the width of a head, and with that of all heads.
  FamilyFlag qk_norm{};
  FamilyFlag qk_norm_full{};
  /// Experts, if the file has any, have the width `intermediate_size` where there is no other.
  bool experts_have_ffn = false;
  bool router_bias = false;
  bool shared_gate = false;
  bool sinks = false;
  bool embedding_norm = false;
  /// Shared experts, if the file does not say.
  std::int64_t shared_experts = 0;
  /// Learned positions: the key of their number, and how many rows the table has beside them.
  std::string_view positions_key{};
  std::int64_t more_positions = 0;
  /// The MLP is so many times as wide as the model, if the file does not say; 0 if it must say.
  std::int64_t ffn_factor = 0;
  /// The width of the MLP in the file counts gate and up matrix together.
  bool ffn_is_double = false;
  /// Sizes that the class has where the file does not give them; 0 if there is none.
  std::int64_t head_dim = 0;
  std::int64_t kv_heads = 0;
  std::int64_t heads = 0;
  std::int64_t vocabulary = 0;
};

/// The architecture of a `model_type`; null if it is unknown.
[[nodiscard]] const ModelFamily* find_model_family(std::string_view type);
/// The architecture that unknown ones are read as: that of Llama.
[[nodiscard]] const ModelFamily& default_model_family();

}  // namespace rankmesh::files
