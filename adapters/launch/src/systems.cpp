#include "systems.hpp"

#include <algorithm>

namespace rankmesh::launch {
namespace {

bool has_word(const Settings& settings, std::string_view part) {
  return std::any_of(settings.words.begin(), settings.words.end(),
                     [&](const std::string& word) { return word.find(part) != std::string::npos; });
}

bool has_any_key(const Settings& settings, std::initializer_list<std::string_view> keys) {
  return std::any_of(keys.begin(), keys.end(),
                     [&](std::string_view key) { return settings.find("", key) != nullptr; });
}

bool has_sizes_of_megatron(const Settings& settings) {
  return has_any_key(settings, {"tensor_model_parallel_size", "pipeline_model_parallel_size",
                                "expert_model_parallel_size", "num_layers_per_virtual_pipeline_stage",
                                "num_virtual_stages_per_pipeline_rank", "pipeline_model_parallel_layout",
                                "use_tp_pp_dp_mapping", "expert_tensor_parallel_size"}) ||
         (has_any_key(settings, {"context_parallel_size"}) &&
          has_any_key(settings, {"num_layers", "micro_batch_size"}));
}

bool has_model(const Settings& settings, std::string_view table) {
  return std::any_of(settings.items.begin(), settings.items.end(), [&](const Setting& s) {
    return s.parent == table && (s.key.ends_with("model_parallel_size") || s.key == "context_parallel_size" ||
                                 s.key == "expert_tensor_parallel_size");
  });
}

bool is_vllm(const Settings& s) {
  return (runs(s, "vllm") && has_word(s, "serve")) || has_word(s, "vllm.entrypoints") ||
         has_word(s, "vllm/entrypoints");
}
bool is_sglang(const Settings& s) {
  return has_word(s, "sglang.launch_server") || has_word(s, "sglang/launch_server") ||
         has_word(s, "sglang_router.launch_server") || (runs(s, "sglang") && has_word(s, "serve"));
}
bool is_tensorrt_llm(const Settings& s) {
  return runs(s, "trtllm-serve") || runs(s, "trtllm-bench") || runs(s, "trtllm-eval");
}
bool is_ms_swift(const Settings& s) {
  return (runs(s, "megatron") && (runs(s, "sft") || runs(s, "pt") || runs(s, "rlhf") || runs(s, "export"))) ||
         has_word(s, "swift/cli/_megatron");
}
bool is_verl(const Settings& s) {
  return has_model(s, "actor_rollout_ref.actor.megatron");
}
bool is_slime(const Settings& s) {
  return has_any_key(s, {"actor_num_nodes", "actor_num_gpus_per_node", "rollout_num_gpus_per_engine"}) &&
         has_sizes_of_megatron(s);
}
bool is_nemo_rl(const Settings& s) {
  return has_model(s, "policy.megatron_cfg");
}
bool is_bridge(const Settings& s) {
  return has_model(s, "model");
}
bool is_torchtitan(const Settings& s) {
  return std::any_of(s.items.begin(), s.items.end(),
                     [](const Setting& setting) {
                       const bool is_table = setting.parent == "parallelism" ||
                                             setting.parent == "training" || setting.parent == "experimental";
                       return is_table && setting.key.ends_with("parallel_degree");
                     }) ||
         s.has_table("parallelism");
}
bool is_accelerate(const Settings& s) {
  return s.has_table("parallelism_config") ||
         std::any_of(s.items.begin(), s.items.end(),
                     [](const Setting& setting) { return setting.key.starts_with("parallelism_config_"); });
}
bool is_megatron_deepspeed(const Settings& s) {
  return has_sizes_of_megatron(s) &&
         (runs(s, "deepspeed") || has_any_key(s, {"deepspeed", "deepspeed_config",
                                                  "ds_sequence_parallel_size", "moe_expert_parallel_size"}));
}
bool is_megatron(const Settings& s) {
  return has_sizes_of_megatron(s) || has_word(s, "pretrain_gpt.py") || has_word(s, "pretrain_mamba.py") ||
         has_word(s, "pretrain_bert.py") || has_word(s, "pretrain_t5.py");
}

bool is_megatron_yaml(const Settings& s) {
  return s.has_table("MODEL_ARGS") || has_model(s, "model_parallel") ||
         std::any_of(s.items.begin(), s.items.end(), [](const Setting& setting) {
           return setting.name.starts_with("--") && setting.key.ends_with("model_parallel_size");
         });
}
bool is_nemo(const Settings& s) {
  return (s.has_table("trainer") && (has_model(s, "model") || has_model(s, "model.config"))) ||
         has_model(s, "trainer.strategy") || has_model(s, "strategy");
}
bool is_llamafactory(const Settings& s) {
  return has_sizes_of_megatron(s) &&
         has_any_key(s, {"model_name_or_path", "finetuning_type", "stage", "per_device_train_batch_size"});
}
bool is_deepspeed_json(const Settings& s) {
  return has_any_key(s, {"train_micro_batch_size_per_gpu", "train_batch_size"}) ||
         s.has_table("zero_optimization");
}
bool is_tensorrt_llm_yaml(const Settings& s) {
  const bool has_own =
      has_any_key(s, {"moe_expert_parallel_size", "moe_tensor_parallel_size", "enable_attention_dp"}) ||
      s.has_table("kv_cache_config") || s.has_table("cuda_graph_config") || s.has_table("context_servers") ||
      s.has_table("moe_config");
  return has_own;
}
bool is_vllm_yaml(const Settings& s) {
  return has_any_key(s, {"enable_expert_parallel", "max_model_len", "gpu_memory_utilization",
                         "decode_context_parallel_size"}) &&
         has_any_key(s, {"tensor_parallel_size", "pipeline_parallel_size", "data_parallel_size",
                         "enable_expert_parallel"});
}
bool is_sglang_yaml(const Settings& s) {
  return has_any_key(s, {"tp", "tp_size", "dp_size", "ep_size", "enable_dp_attention", "pp_size"}) ||
         (has_any_key(s, {"tensor_parallel_size"}) &&
          has_any_key(s, {"attention_backend", "mem_fraction_static", "model_path"}));
}
bool is_engine_yaml(const Settings& s) {
  return has_any_key(s, {"tensor_parallel_size"});
}

}  // namespace

const std::vector<System>& systems_of_commands() {
  static const std::vector<System> systems{
      {"vllm", "vLLM, a command in a shell script", is_vllm, read_vllm},
      {"sglang", "SGLang, a command in a shell script", is_sglang, read_sglang},
      {"trtllm", "TensorRT-LLM, a command in a shell script", is_tensorrt_llm, read_tensorrt_llm},
      {"ms-swift-megatron", "flags of ms-swift's Megatron in a shell script", is_ms_swift, read_megatron},
      {"verl-megatron", "verl with Megatron, overrides in a shell script", is_verl, read_megatron},
      {"slime-megatron", "flags of slime in a shell script", is_slime, read_megatron},
      {"nemo-rl-yaml", "NeMo RL, overrides in a shell script", is_nemo_rl, read_megatron},
      {"megatron-bridge-cli", "Megatron-Bridge, overrides in a shell script", is_bridge, read_megatron},
      {"torchtitan", "flags of torchtitan in a shell script", is_torchtitan, read_torchtitan},
      {"accelerate", "accelerate, flags in a shell script", is_accelerate, read_accelerate},
      {"megatron-deepspeed", "flags of Megatron-DeepSpeed in a shell script", is_megatron_deepspeed,
       read_megatron},
      {"megatron-lm", "flags of Megatron-LM in a shell script", is_megatron, read_megatron}};
  return systems;
}

const std::vector<System>& systems_of_files() {
  static const std::vector<System> systems{
      {"nemo-rl-yaml", "NeMo RL configuration", is_nemo_rl, read_megatron},
      {"verl-megatron", "verl configuration", is_verl, read_megatron},
      {"megatron-lm-yaml", "Megatron-LM arguments in YAML", is_megatron_yaml, read_megatron},
      {"accelerate", "accelerate configuration", is_accelerate, read_accelerate},
      {"nemo-yaml", "NeMo configuration", is_nemo, read_megatron},
      {"megatron-bridge-yaml", "Megatron-Bridge configuration", is_bridge, read_megatron},
      {"torchtitan", "torchtitan configuration", is_torchtitan, read_torchtitan},
      {"deepspeed-json", "DeepSpeed configuration", is_deepspeed_json, read_deepspeed_json},
      {"llamafactory-mcore-yaml", "LLaMA-Factory configuration for Megatron", is_llamafactory, read_megatron},
      {"trtllm-yaml", "TensorRT-LLM options in YAML", is_tensorrt_llm_yaml, read_tensorrt_llm},
      {"vllm", "vLLM arguments in YAML", is_vllm_yaml, read_vllm},
      {"sglang-yaml", "SGLang arguments in YAML", is_sglang_yaml, read_sglang},
      {"trtllm-yaml", "TensorRT-LLM options in YAML", is_engine_yaml, read_tensorrt_llm}};
  return systems;
}

}  // namespace rankmesh::launch
