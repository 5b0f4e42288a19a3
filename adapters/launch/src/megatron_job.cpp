// What files for Megatron-Core say beside the layout: how many ranks there are, and a second engine.

#include "megatron_forms.hpp"
#include "systems.hpp"

namespace rankmesh::launch {
namespace {

/// A block of a file that says how many nodes and GPUs there are.
void set_world_of_block(Reading& reading) {
  for (const char* block : {"LAUNCH", "launch", "launcher", "cluster", "resources", "slurm", "trainer", ""}) {
    const Setting* all = reading.find({block}, {"world_size", "num_processes", "num_gpus_total"});
    if (all != nullptr) return reading.set_world({reading.number(all, 1, true)});
    const Setting* nodes = reading.find({block}, {"nodes", "num_nodes", "nnodes"});
    const Setting* gpus = reading.find({block}, {"gpus", "gpus_per_node", "devices", "nproc_per_node",
                                                 "num_gpus_per_node", "n_gpus_per_node", "ntasks_per_node"});
    if (gpus == nullptr) continue;
    const Number one{.value = 1};
    return reading.set_world(
        {nodes == nullptr ? one : reading.number(nodes, 1, true), reading.number(gpus, 1, true)});
  }
  if (reading.known().world_size) reading.set_world({});
}

}  // namespace

void read_world(Reading& reading, std::string_view system) {
  const auto number = [&](const Names& parents, std::initializer_list<std::string_view> keys) {
    const Setting* setting = reading.find(parents, keys);
    return setting == nullptr ? Number{.value = 1} : reading.number(setting, 1, true);
  };
  if (system == "nemo-yaml") {
    const bool is_given = reading.find({"trainer"}, {"num_nodes", "devices"}) != nullptr;
    if (is_given || reading.known().world_size) {
      reading.set_world({number({"trainer"}, {"num_nodes"}), number({"trainer"}, {"devices"})});
      return;
    }
  }
  if (system == "nemo-rl-yaml" && reading.settings().has_table("cluster")) {
    reading.set_world({number({"cluster"}, {"num_nodes"}), number({"cluster"}, {"gpus_per_node"})});
    // Engines on nodes of their own leave the others to training.
    const Names own{"policy.generation.colocated.resources"};
    const bool is_apart = reading.settings().has_table(own.front()) &&
                          !reading.is_on(reading.find({"policy.generation.colocated"}, {"enabled"}));
    const Number nodes = reading.number(own, {"num_nodes"});
    const Number gpus = reading.number(own, {"gpus_per_node"});
    if (is_apart && gpus.value && reading.file().world_size && !reading.known().world_size)
      *reading.file().world_size -= nodes.or_one() * *gpus.value;
    return;
  }
  if (system == "verl-megatron" && reading.settings().has_table("trainer")) {
    reading.set_world({number({"trainer"}, {"nnodes"}), number({"trainer"}, {"n_gpus_per_node"})});
    return;
  }
  if (system == "slime-megatron" &&
      reading.find({""}, {"actor_num_nodes", "actor_num_gpus_per_node"}) != nullptr) {
    reading.set_world({number({""}, {"actor_num_nodes"}), number({""}, {"actor_num_gpus_per_node"})});
    return;
  }
  if (system == "ms-swift-megatron" && reading.find({"$"}, {"NPROC_PER_NODE"}) != nullptr) {
    reading.set_world({number({"$"}, {"NNODES"}), number({"$"}, {"NPROC_PER_NODE"})});
    return;
  }
  if (reading.settings().syntax == Syntax::shell) return set_launched_world(reading);
  set_world_of_block(reading);
}

void read_generation(Reading& reading, std::string_view system) {
  const auto add = [&](const char* name, const Names& parents, std::initializer_list<std::string_view> keys) {
    const Number number = reading.number(parents, keys);
    if (number.value) reading.file().generation.push_back({name, number.value});
  };
  if (system == "nemo-rl-yaml") {
    const Names engine{"policy.generation.vllm_cfg", "policy.generation.sglang_cfg"};
    add("tp", engine, {"tensor_parallel_size"});
    add("pp", engine, {"pipeline_parallel_size"});
    add("ep", engine, {"expert_parallel_size"});
  } else if (system == "verl-megatron") {
    const Names engine{"actor_rollout_ref.rollout", "rollout"};
    add("tp", engine, {"tensor_model_parallel_size"});
    add("dp", engine, {"data_parallel_size"});
    add("ep", engine, {"expert_parallel_size"});
  } else if (system == "slime-megatron") {
    add("tp", {""}, {"rollout_num_gpus_per_engine"});
    add("dp", {""}, {"sglang_dp_size"});
    add("ep", {""}, {"sglang_ep_size", "sglang_expert_parallel_size"});
  }
}

}  // namespace rankmesh::launch
