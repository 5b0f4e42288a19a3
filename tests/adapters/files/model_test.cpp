#include "rankmesh/files/model.hpp"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "rankmesh/planner/parameters.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::files;

namespace {

const std::string inputs = RANKMESH_TEST_INPUTS "/models/";

nlohmann::json expected_models() {
  std::ifstream file(inputs + "expected.json");
  return nlohmann::json::parse(file);
}

std::vector<std::string> messages_of(const ModelReading& reading) {
  std::vector<std::string> messages;
  for (const Diagnostic& diagnostic : reading.diagnostics) messages.push_back(diagnostic.message());
  return messages;
}

std::int64_t total_of(const std::string& text) {
  const ModelReading reading = parse_model(text);
  CHECK(messages_of(reading) == std::vector<std::string>{});
  CHECK(reading.notes == std::vector<std::string>{});
  return reading.diagnostics.empty() ? planner::count_parameters(reading.model).total : 0;
}

}  // namespace

TEST_CASE("public models have the parameters that their checkpoints have") {
  int models = 0;
  for (const auto& entry : expected_models()) {
    INFO(entry.at("model"));
    const ModelReading reading = parse_model_file(inputs + entry.at("file").get<std::string>());
    CHECK(messages_of(reading) == std::vector<std::string>{});
    CHECK(reading.notes.empty());
    const planner::ParameterCount count = planner::count_parameters(reading.model);
    CHECK(count.total == entry.at("recount").at("total"));
    CHECK(count.active == entry.at("recount").at("active"));
    CHECK(count.embedding == entry.at("recount").at("embedding"));
    CHECK(reading.model.tied == entry.at("tied_embeddings"));
    CHECK(reading.model.layers == entry.at("layers"));
    CHECK(reading.model.expert_layers() == entry.at("moe_layers"));
    ++models;
  }
  CHECK(models == 12);
}

TEST_CASE("architectures that the public inputs lack have the parameters that their checkpoints have") {
  // The numbers of values in the checkpoints on the Hugging Face hub.
  const std::vector<std::pair<const char*, std::int64_t>> models{
      {R"({"model_type": "gpt2", "n_layer": 12, "n_embd": 768, "n_head": 12, "n_positions": 1024,
           "vocab_size": 50257, "n_inner": null})",
       124439808},
      {R"({"model_type": "gpt_oss", "num_hidden_layers": 24, "hidden_size": 2880, "intermediate_size": 2880,
           "num_attention_heads": 64, "num_key_value_heads": 8, "head_dim": 64, "num_local_experts": 32,
           "num_experts_per_tok": 4, "vocab_size": 201088, "attention_bias": true})",
       20914757184},
      {R"({"model_type": "gpt_oss", "num_hidden_layers": 36, "hidden_size": 2880, "intermediate_size": 2880,
           "num_attention_heads": 64, "num_key_value_heads": 8, "head_dim": 64, "num_local_experts": 128,
           "experts_per_token": 4, "vocab_size": 201088})",
       116829156672},
      {R"({"model_type": "deepseek_v3", "num_hidden_layers": 61, "hidden_size": 7168, "intermediate_size": 18432,
           "moe_intermediate_size": 2048, "n_routed_experts": 256, "n_shared_experts": 1, "num_experts_per_tok": 8,
           "first_k_dense_replace": 3, "moe_layer_freq": 1, "num_attention_heads": 128, "num_key_value_heads": 128,
           "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64,
           "v_head_dim": 128, "vocab_size": 129280, "num_nextn_predict_layers": 1, "topk_method": "noaux_tc",
           "tie_word_embeddings": false, "attention_bias": false})",
       671026419200},
      {R"({"model_type": "deepseek_v2", "num_hidden_layers": 27, "hidden_size": 2048, "intermediate_size": 10944,
           "moe_intermediate_size": 1408, "n_routed_experts": 64, "n_shared_experts": 2, "num_experts_per_tok": 6,
           "first_k_dense_replace": 1, "moe_layer_freq": 1, "num_attention_heads": 16, "num_key_value_heads": 16,
           "q_lora_rank": null, "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64,
           "v_head_dim": 128, "vocab_size": 102400})",
       15706484224},
      {R"({"model_type": "qwen2", "num_hidden_layers": 28, "hidden_size": 3584, "intermediate_size": 18944,
           "num_attention_heads": 28, "num_key_value_heads": 4, "vocab_size": 152064,
           "tie_word_embeddings": false})",
       7615616512},
      {R"({"model_type": "qwen2_moe", "num_hidden_layers": 24, "hidden_size": 2048, "intermediate_size": 5632,
           "moe_intermediate_size": 1408, "shared_expert_intermediate_size": 5632, "num_experts": 60,
           "num_experts_per_tok": 4, "num_attention_heads": 16, "num_key_value_heads": 16, "vocab_size": 151936,
           "decoder_sparse_step": 1, "mlp_only_layers": []})",
       14315784192},
      {R"({"model_type": "qwen3_moe", "num_hidden_layers": 48, "hidden_size": 2048, "intermediate_size": 6144,
           "moe_intermediate_size": 768, "num_experts": 128, "num_experts_per_tok": 8, "num_attention_heads": 32,
           "num_key_value_heads": 4, "head_dim": 128, "vocab_size": 151936, "decoder_sparse_step": 1})",
       30532122624},
      {R"({"model_type": "gemma", "num_hidden_layers": 28, "hidden_size": 3072, "intermediate_size": 24576,
           "num_attention_heads": 16, "num_key_value_heads": 16, "head_dim": 256, "vocab_size": 256000})",
       8537680896},
      {R"({"model_type": "gemma2", "num_hidden_layers": 26, "hidden_size": 2304, "intermediate_size": 9216,
           "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256, "vocab_size": 256000})",
       2614341888},
      {R"({"model_type": "opt", "num_hidden_layers": 12, "hidden_size": 768, "ffn_dim": 3072,
           "num_attention_heads": 12, "max_position_embeddings": 2048, "vocab_size": 50272})",
       125239296},
      {R"({"model_type": "bloom", "n_layer": 70, "n_embed": 14336, "n_head": 112, "vocab_size": 250880})",
       176247271424},
      {R"({"model_type": "falcon", "num_hidden_layers": 32, "hidden_size": 4544, "num_attention_heads": 71,
           "num_kv_heads": 71, "multi_query": true, "parallel_attn": true, "bias": false,
           "new_decoder_architecture": false, "vocab_size": 65024})",
       6921720704},
      {R"({"model_type": "mpt", "n_layers": 32, "d_model": 4096, "n_heads": 32, "expansion_ratio": 4,
           "vocab_size": 50432})",
       6649286656},
      {R"({"model_type": "gpt_neox", "num_hidden_layers": 12, "hidden_size": 768, "intermediate_size": 3072,
           "num_attention_heads": 12, "vocab_size": 50304, "tie_word_embeddings": false})",
       162322944},
      {R"({"model_type": "phi", "num_hidden_layers": 32, "hidden_size": 2560, "intermediate_size": 10240,
           "num_attention_heads": 32, "num_key_value_heads": 32, "vocab_size": 51200})",
       2779683840},
      {R"({"model_type": "phimoe", "num_hidden_layers": 32, "hidden_size": 4096, "intermediate_size": 6400,
           "num_attention_heads": 32, "num_key_value_heads": 8, "num_local_experts": 16,
           "num_experts_per_tok": 2, "attention_bias": true, "lm_head_bias": true, "vocab_size": 32064})",
       41873153344},
      {R"({"model_type": "olmoe", "num_hidden_layers": 16, "hidden_size": 2048, "intermediate_size": 1024,
           "num_attention_heads": 16, "num_key_value_heads": 16, "num_experts": 64, "num_experts_per_tok": 8,
           "vocab_size": 50304})",
       6919161856},
      {R"({"model_type": "dbrx", "n_layers": 40, "d_model": 6144, "n_heads": 48, "vocab_size": 100352,
           "attn_config": {"kv_n_heads": 8},
           "ffn_config": {"ffn_hidden_size": 10752, "moe_num_experts": 16, "moe_top_k": 4}})",
       131596523520},
      {R"({"model_type": "starcoder2", "num_hidden_layers": 30, "hidden_size": 3072, "intermediate_size": 12288,
           "num_attention_heads": 24, "num_key_value_heads": 2, "use_bias": true, "vocab_size": 49152})",
       3030371328},
      {R"({"model_type": "mistral", "num_hidden_layers": 40, "hidden_size": 5120, "intermediate_size": 14336,
           "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 131072})",
       12247782400},
  };
  for (const auto& [text, total] : models) {
    INFO(text);
    CHECK(total_of(text) == total);
  }
}

TEST_CASE("what config.json lacks is named, all at once") {
  CHECK(messages_of(parse_model(R"({"model_type": "llama"})", "config.json")) ==
        std::vector<std::string>{
            "config.json: num_hidden_layers is missing (other names: n_layer, n_layers, num_layers)",
            "config.json: hidden_size is missing (other names: n_embd, d_model, n_embed)",
            "config.json: vocab_size is missing (other names: padded_vocab_size)",
            "config.json: num_attention_heads is missing (other names: n_head, n_heads)",
            "config.json: intermediate_size is missing (other names: n_inner, ffn_dim, ffn_hidden_size, "
            "ffn_config.ffn_hidden_size)"});
}

TEST_CASE("every key of a valid config.json is refused if it has the wrong type") {
  for (const auto& entry : expected_models()) {
    std::ifstream file(inputs + entry.at("file").get<std::string>());
    const auto config = nlohmann::json::parse(file);
    int refused = 0;
    for (const auto& [key, value] : config.items()) {
      if (!value.is_number_integer()) continue;
      const std::int64_t unchanged = parse_model(config.dump()).model.layers;
      CHECK(unchanged == entry.at("layers"));
      for (const nlohmann::json& wrong : std::vector<nlohmann::json>{
               "eight", 1.5, true, {1, 2}, -1, 9007199254740993, 18446744073709551615U}) {
        INFO(entry.at("model") << ": " << key << " = " << wrong);
        nlohmann::json changed = config;
        changed[key] = wrong;
        const ModelReading reading = parse_model(changed.dump());
        // Keys that no size depends on are not read.
        const bool is_read = key != "max_position_embeddings" && key != "sliding_window" &&
                             key != "original_max_position_embeddings";
        CHECK(reading.diagnostics.empty() != is_read);
        refused += reading.diagnostics.empty() ? 0 : 1;
      }
    }
    CHECK(refused > 0);
  }
}

TEST_CASE("an unknown architecture is read with a note") {
  const ModelReading reading = parse_model(R"({"model_type": "new", "num_hidden_layers": 2, "hidden_size": 8,
      "vocab_size": 10, "num_attention_heads": 4, "intermediate_size": 16})");
  CHECK(reading.diagnostics.empty());
  REQUIRE(reading.notes.size() == 1);
  CHECK(reading.notes[0].find("model_type new is unknown") == 0);
}

TEST_CASE("the decoder of a model of text and pictures is read") {
  const ModelReading reading = parse_model(
      R"({"model_type": "gemma3", "text_config": {"model_type": "gemma3_text", "hidden_size": 2560,
                      "intermediate_size": 10240, "num_hidden_layers": 34}, "vision_config": {}})");
  CHECK(messages_of(reading) == std::vector<std::string>{});
  CHECK(reading.notes.size() == 1);
  // google/gemma-3-4b-pt without its vision tower and projector.
  CHECK(planner::count_parameters(reading.model).total == 3880263168);
}

TEST_CASE("text that is no model is refused") {
  CHECK(messages_of(parse_model("{\"a\":\n  oops}", "m")) == std::vector<std::string>{"m:2:3: is not JSON"});
  CHECK(messages_of(parse_model("{\"layers\": 3", "m")).size() == 1);
  CHECK(messages_of(parse_model_file("/nonexistent/config.json")).size() == 1);
  std::string deep = "{\"a\":";
  for (int i = 0; i < 100000; ++i) deep += '[';
  CHECK(messages_of(parse_model(deep, "m")).size() == 1);
}

#ifdef RANKMESH_TEST_TOML
TEST_CASE("a model is read from TOML") {
  const ModelReading reading = parse_model(R"(
name = "two layers"
layers = 2
hidden = 8
vocabulary = 10
heads = 4
ffn = 16
experts = 4
experts_per_token = 2
expert_ffn = 3
dense_layers = [0]
tied = true
)");
  CHECK(messages_of(reading) == std::vector<std::string>{});
  CHECK(reading.model == planner::ModelConfig{.name = "two layers",
                                              .layers = 2,
                                              .hidden = 8,
                                              .vocabulary = 10,
                                              .heads = 4,
                                              .kv_heads = 4,
                                              .head_dim = 2,
                                              .ffn = 16,
                                              .experts = 4,
                                              .experts_per_token = 2,
                                              .expert_ffn = 3,
                                              .dense_layers = {0},
                                              .tied = true});
}

TEST_CASE("every mistake of a model in TOML is reported with its place") {
  CHECK(messages_of(
            parse_model("layers = \"2\"\nhiden = 8\ntied = 1\ndense_layers = 3\nname = 4\n", "m.toml")) ==
        std::vector<std::string>{
            "m.toml:1:10: layers = \"2\" is a text: a whole number is needed, without quotes",
            "m.toml:2:1: hiden is no key of a model; did you mean hidden?",
            "m.toml:3:8: tied = 1 is a whole number: true or false is needed, without quotes",
            "m.toml:4:16: dense_layers = 3 is a whole number: an array of whole numbers is "
            "needed: [2, 4]",
            "m.toml:5:8: name = 4 is a whole number: text in quotes is needed",
            "m.toml: vocabulary is missing", "m.toml: heads is missing"});
}
#endif
