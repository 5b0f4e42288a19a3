// Systems whose layout is a mesh: torchtitan, accelerate, DeepSpeed.

#include <algorithm>

#include "rankmesh/dialects/dialect.hpp"
#include "rankmesh/topology/closest_matches.hpp"
#include "rankmesh/topology/text.hpp"
#include "systems.hpp"

namespace rankmesh::launch {
namespace {

using Factors = std::vector<std::pair<std::string, Number>>;

std::int64_t product_of(const Factors& factors) {
  std::int64_t product = 1;
  for (const auto& [name, number] : factors) product = capped_product({product, number.or_one()});
  return product;
}

/// A mesh, fastest axis first, as a DeviceMesh, which lists the slowest first.
std::function<ParallelConfig()> mesh_of(const Factors& axes, std::int64_t world_size) {
  std::vector<std::string> names;
  std::vector<std::int64_t> sizes;
  for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) {
    names.push_back(axis->first);
    sizes.push_back(axis->second.or_one());
  }
  const std::string text = "shape=" + joined(sizes, ",") + " names=" + joined(names, ",");
  return [text, world_size] { return dialects::read(dialects::Dialect::devicemesh, text, world_size); };
}

std::vector<std::pair<std::string, const Setting*>> settings_of(const Factors& factors) {
  std::vector<std::pair<std::string, const Setting*>> result;
  for (const auto& [name, number] : factors) result.emplace_back(name, number.from);
  return result;
}

void refuse_place(Reading& reading) {
  if (reading.known().rank_offset != 0 || reading.known().job_size)
    reading.note("the place in a larger job is not taken into account for this format");
}

/// The ranks of a file that has a number of processes, or nodes with GPUs, somewhere.
void set_world_of(Reading& reading, const std::vector<std::string>& tables) {
  const Setting* all = reading.find(tables, {"world_size", "num_processes", "nproc", "ngpu", "num_gpus"});
  const Setting* nodes = reading.find(tables, {"nodes", "num_nodes", "nnodes"});
  const Setting* gpus = reading.find(tables, {"gpus", "gpus_per_node", "nproc_per_node", "ngpus_per_node"});
  const Number one{.value = 1};
  if (reading.known().world_size) return reading.set_world({});
  if (all != nullptr) return reading.set_world({reading.number(all, 1, true)});
  if (gpus != nullptr)
    reading.set_world(
        {nodes == nullptr ? one : reading.number(nodes, 1, true), reading.number(gpus, 1, true)});
}

/// A key of parallelism that nothing here reads.
void refuse_unknown(Reading& reading, const std::vector<std::string>& tables, std::string_view ending,
                    const std::vector<std::string>& known) {
  for (const Setting& setting : reading.settings().items) {
    const bool is_in_table = std::find(tables.begin(), tables.end(), setting.parent) != tables.end();
    if (!is_in_table || !setting.key.ends_with(ending) ||
        std::find(known.begin(), known.end(), setting.key) != known.end())
      continue;
    reading.refuse(setting, Phrase("is not understood, and may change the layout" +
                                   did_you_mean(closest_matches(setting.key, known))));
  }
}

}  // namespace

void read_torchtitan(Reading& reading, std::string_view) {
  // The tables of versions before 0.1.
  const std::vector<std::string> tables{"parallelism", "training", "experimental"};
  LaunchFile& file = reading.file();
  refuse_unknown(reading, tables, "_degree",
                 {"data_parallel_replicate_degree", "data_parallel_shard_degree", "tensor_parallel_degree",
                  "pipeline_parallel_degree", "context_parallel_degree", "expert_parallel_degree",
                  "expert_tensor_parallel_degree", "data_parallel_degree"});
  Factors axes{
      {"tp", reading.number(tables, {"tensor_parallel_degree"})},
      {"cp", reading.number(tables, {"context_parallel_degree"})},
      {"dp_shard", reading.number(tables, {"data_parallel_shard_degree", "data_parallel_degree"}, -1)},
      {"dp_replicate", reading.number(tables, {"data_parallel_replicate_degree"})},
      {"pp", reading.number(tables, {"pipeline_parallel_degree"})}};
  const Number experts = reading.number(tables, {"expert_parallel_degree"});
  const Number expert_tensor = reading.number(tables, {"expert_tensor_parallel_degree"});
  file.order = "tp-cp-dp_shard-dp_replicate-pp";
  for (const std::size_t i : {0, 4, 1}) reading.add_size(axes[i].first, axes[i].second);
  if (experts.from != nullptr) reading.add_size("ep", experts);
  if (expert_tensor.from != nullptr) reading.add_size("etp", expert_tensor);
  reading.add_size("dp_replicate", axes[3].second);
  Number& shard = axes[2].second;
  if (!shard.value) shard.value = -1;
  reading.add_size("dp_shard", shard);
  const Number micro = reading.number({"training"}, {"local_batch_size", "batch_size"});
  const Number global = reading.number({"training"}, {"global_batch_size"}, -1);
  file.micro_batch = micro.value;
  if (global.value != -1) file.global_batch = global.value;
  if (reading.settings().syntax == Syntax::shell)
    set_launched_world(reading);
  else
    set_world_of(reading, {"experimental", "launch", "LAUNCH", "job", "training", ""});
  refuse_place(reading);
  if (reading.is_wrong() || !file.world_size) return;
  if (*shard.value == -1) {
    Factors others = axes;
    others.erase(others.begin() + 2);
    if (!reading.require_world(others, true)) return;
    shard.value = *file.world_size / product_of(others);
    reading.set_size("dp_shard", shard.value);
  } else if (!reading.require_world(axes, false)) {
    return;
  }
  if (global.value && *global.value != -1)
    reading.require_batch(global, micro, *shard.value * axes[3].second.or_one());
  std::string text;
  for (const auto& [name, number] : axes) text += name + "=" + std::to_string(number.or_one()) + " ";
  if (experts.value) text += "ep=" + std::to_string(*experts.value);
  if (expert_tensor.value) text += " etp=" + std::to_string(*expert_tensor.value);
  auto names = settings_of(axes);
  names.insert(names.end(), {{"ep", experts.from}, {"etp", expert_tensor.from}});
  reading.set_config([&] { return dialects::read(dialects::Dialect::torchtitan, text, *file.world_size); },
                     names);
}

void read_accelerate(Reading& reading, std::string_view) {
  LaunchFile& file = reading.file();
  const std::vector<std::string> tables{"parallelism_config", ""};
  refuse_unknown(reading, {"parallelism_config"}, "_size",
                 {"parallelism_config_dp_replicate_size", "parallelism_config_dp_shard_size",
                  "parallelism_config_tp_size", "parallelism_config_cp_size", "parallelism_config_sp_size",
                  "dp_replicate_size", "dp_shard_size", "tp_size", "cp_size", "sp_size"});
  Factors axes;
  for (const char* axis : {"tp", "sp", "cp", "dp_shard", "dp_replicate"}) {
    const std::string key = "parallelism_config_" + std::string(axis) + "_size";
    Number number = reading.number(tables, {key});
    if (number.from == nullptr) number = reading.number({"parallelism_config"}, {key.substr(19)});
    axes.emplace_back(axis, number);
  }
  file.order = "tp-sp-cp-dp_shard-dp_replicate";
  for (const std::size_t i : {0, 2, 1, 4, 3}) reading.add_size(axes[i].first, axes[i].second);
  if (reading.settings().syntax == Syntax::shell)
    set_launched_world(reading);
  else
    set_world_of(reading, {""});
  refuse_place(reading);
  if (reading.is_wrong() || !file.world_size) return;
  if (!reading.require_world(axes, false)) {
    // A size that is absent is 1, which is easily taken for the rest.
    if (axes.back().second.from == nullptr) {
      Factors others = axes;
      others.pop_back();
      const std::int64_t product = product_of(others);
      if (product > 0 && *file.world_size % product == 0)
        reading.refuse("parallelism_config_dp_replicate_size", "1",
                       "is the default, never the rest of the ranks: give " +
                           std::to_string(*file.world_size / product));
    }
    return;
  }
  reading.set_config(mesh_of(axes, *file.world_size), settings_of(axes));
}

void read_deepspeed_json(Reading& reading, std::string_view) {
  LaunchFile& file = reading.file();
  const Number tensor = reading.number({"tensor_parallel", "autotp"}, {"autotp_size", "tp_size"}, 0);
  const Number own_tensor = tensor.value && *tensor.value > 0
                                ? tensor
                                : reading.number({"", "mesh", "mesh_param"},
                                                 {"tensor_parallel_size", "model_parallel_size", "tp_size"});
  const std::vector<std::string> top{"", "mesh", "mesh_param"};
  const Number sequence = reading.number(top, {"sequence_parallel_size"});
  const Number data = reading.number(top, {"data_parallel_size"});
  const Number pipeline =
      reading.number({"pipeline", ""}, {"stages", "pipe_parallel_size", "pipeline_parallel_size"});
  const Number experts = reading.number({"moe", ""}, {"ep_size", "expert_parallel_size"});
  const Number micro = reading.number({""}, {"train_micro_batch_size_per_gpu"});
  const Number global = reading.number({""}, {"train_batch_size"});
  const Number steps = reading.number({""}, {"gradient_accumulation_steps"});
  file.micro_batch = micro.value;
  file.global_batch = global.value;
  set_world_of(reading, {"", "launch", "LAUNCH", "mesh"});
  const std::int64_t others = capped_product({own_tensor.or_one(), sequence.or_one(), pipeline.or_one()});
  if (!file.world_size && data.value && *data.value <= most_ranks / others)
    file.world_size = *data.value * others;
  std::optional<std::int64_t> replicas = data.value;
  Factors axes{{"tp", own_tensor}, {"sp", sequence}, {"dp", data}, {"pp", pipeline}};
  if (file.world_size && !replicas) {
    Factors given = axes;
    given.erase(given.begin() + 2);
    if (!reading.require_world(given, true)) return;
    replicas = *file.world_size / others;
    axes[2].second.value = replicas;
  } else if (!reading.require_world(axes, false)) {
    return;
  }
  reading.add_size("tp", own_tensor);
  reading.add_size("pp", pipeline);
  reading.add_size("sp", sequence);
  if (experts.from != nullptr) reading.add_size("ep", experts);
  reading.add_size("dp", replicas);
  if (data.from != nullptr) file.stated.emplace_back("dp");
  file.order = "tp-sp-dp-pp";
  const std::int64_t batch = capped_product({micro.or_one(), steps.or_one(), replicas.value_or(1)});
  if (micro.value && steps.value && replicas && global.value && *global.value != batch) {
    reading.refuse(*global.from,
                   Phrase("is not " + std::to_string(batch) + ", " + named("", micro) + " times " +
                          named("", steps) + " times " + std::to_string(*replicas) + " data parallel ranks"));
  } else {
    reading.require_batch(global, micro, replicas);
  }
  refuse_place(reading);
  if (file.world_size) reading.set_config(mesh_of(axes, *file.world_size), settings_of(axes));
}

}  // namespace rankmesh::launch
