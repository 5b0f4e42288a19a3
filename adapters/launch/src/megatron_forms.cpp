// Where the systems built on Megatron-Core keep what, and which of their keys change the layout.

#include "megatron_forms.hpp"

#include <algorithm>
#include <array>

#include "systems.hpp"

namespace rankmesh::launch {
namespace {

const std::vector<Form>& forms() {
  static const Names flags{""};
  static const std::vector<Form> all{
      {"megatron-lm", flags, flags, flags},
      {"megatron-deepspeed", flags, flags, flags},
      {"ms-swift-megatron", flags, flags, flags, {"micro_batch_size"}, {"global_batch_size"}, true},
      {"slime-megatron", flags, flags, flags},
      {"megatron-lm-yaml",
       {"MODEL_ARGS", "model_parallel", "language_model", ""},
       {"MODEL_ARGS", "language_model", "model", ""},
       {"MODEL_ARGS", ""}},
      {"megatron-bridge-cli", {"model"}, {"model"}, {"train", "data", "dataset"}},
      {"megatron-bridge-yaml",
       {"model", "model.config"},
       {"model", "model.config"},
       {"train", "data", "dataset"}},
      {"nemo-yaml",
       {"model", "trainer.strategy", "strategy", "model.config"},
       {"model", "model.config"},
       {"model", "data", "trainer", "data.dataset"}},
      {"nemo-rl-yaml",
       {"policy.megatron_cfg"},
       {"policy.megatron_cfg", "policy"},
       {"policy"},
       {"train_micro_batch_size"},
       {"train_global_batch_size"},
       true},
      {"llamafactory-mcore-yaml",
       flags,
       flags,
       flags,
       {"per_device_train_batch_size"},
       {"global_batch_size"}},
      {"verl-megatron",
       {"actor_rollout_ref.actor.megatron", "actor.megatron",
        "actor_rollout_ref.actor.megatron.override_transformer_config"},
       {"actor_rollout_ref.actor.megatron", "actor.megatron",
        "actor_rollout_ref.actor.megatron.override_transformer_config"},
       {"actor_rollout_ref.actor", "actor", "data"},
       {"ppo_micro_batch_size_per_gpu", "micro_batch_size_per_gpu"},
       {"ppo_mini_batch_size", "train_batch_size"}},
  };
  return all;
}

/// Keys that look as if they changed the layout, and do not, or are read elsewhere.
constexpr std::array<std::string_view, 16> harmless{"sequence_parallel",
                                                    "tensor_model_parallel_comm",
                                                    "pipeline_model_parallel_comm_backend",
                                                    "data_parallel_random_init",
                                                    "data_parallel_sharding_strategy",
                                                    "context_parallel_comm_type",
                                                    "ds_sequence_parallel_size",
                                                    "moe_expert_parallel_size",
                                                    "target_tensor_parallel_size",
                                                    "target_pipeline_parallel_size",
                                                    "expert_parallel",
                                                    "no_pipeline_parallel",
                                                    "pipeline_parallel",
                                                    "data_parallel_size",
                                                    "rollout_data_parallel_size",
                                                    "max_parallel_size"};

/// Everything that is read, for suggestions.
const std::vector<std::string> sizes_of_megatron{"tensor_model_parallel_size",
                                                 "pipeline_model_parallel_size",
                                                 "context_parallel_size",
                                                 "expert_model_parallel_size",
                                                 "expert_tensor_parallel_size",
                                                 "virtual_pipeline_model_parallel_size",
                                                 "num_layers_per_virtual_pipeline_stage",
                                                 "num_virtual_stages_per_pipeline_rank",
                                                 "pipeline_model_parallel_layout",
                                                 "hierarchical_context_parallel_sizes",
                                                 "hybrid_context_parallel",
                                                 "pipeline_model_parallel_split_rank",
                                                 "encoder_tensor_model_parallel_size",
                                                 "encoder_pipeline_model_parallel_size",
                                                 "decoder_first_pipeline_num_layers",
                                                 "decoder_last_pipeline_num_layers"};

}  // namespace

const Form& form_of(std::string_view system) {
  return *std::find_if(forms().begin(), forms().end(),
                       [&](const Form& form) { return form.system == system; });
}

bool is_of_parallelism(std::string_view key) {
  const auto has = [&](std::string_view part) { return key.find(part) != std::string_view::npos; };
  return (has("parallel") || has("paralel") || has("parrallel") || has("virtual_pipeline") ||
          has("virtual_stage")) &&
         (has("size") || has("degree") || has("rank") || has("layout") || has("stage") || has("split"));
}

bool is_known_key(std::string_view key) {
  const auto is_in = [&](const auto& keys) { return std::find(keys.begin(), keys.end(), key) != keys.end(); };
  return is_in(sizes_of_megatron) || is_in(harmless) || key == "model_parallel_size" ||
         key == "expert_parallel_size" || key.starts_with("sglang_");
}

const std::vector<std::string>& megatron_sizes() {
  return sizes_of_megatron;
}

bool is_megatron_key(std::string_view key) {
  constexpr std::array<std::string_view, 10> others{"num_layers",
                                                    "micro_batch_size",
                                                    "global_batch_size",
                                                    "num_attention_heads",
                                                    "num_experts",
                                                    "use_tp_pp_dp_mapping",
                                                    "sequence_parallel",
                                                    "use_distributed_optimizer",
                                                    "num_distributed_optimizer_instances",
                                                    "account_for_loss_in_pipeline_split"};
  return is_of_parallelism(key) || std::find(others.begin(), others.end(), key) != others.end() ||
         std::find(sizes_of_megatron.begin(), sizes_of_megatron.end(), key) != sizes_of_megatron.end();
}

}  // namespace rankmesh::launch
