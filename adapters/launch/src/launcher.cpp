// How many ranks a launcher starts.

#include <algorithm>

#include "rankmesh/topology/text.hpp"
#include "systems.hpp"

namespace rankmesh::launch {
namespace {

const std::vector<std::string> flags{""};
const std::vector<std::string> variables{"$"};
const std::vector<std::string> directives{"#SBATCH"};

/// `8`, `h100:8` or `gpu:h100:8`: the number of GPUs.
Number gpus(Reading& reading, const Setting* setting) {
  if (setting == nullptr || !setting->text) return {};
  std::int64_t value = 0;
  const std::string& text = *setting->text;
  const bool is_number =
      read_number(text.substr(text.rfind(':') == std::string::npos ? 0 : text.rfind(':') + 1), value).empty();
  return is_number ? Number{value, setting} : reading.number(setting, 1, true);
}

/// The first of the settings that has a number.
Number first_of(Reading& reading, std::initializer_list<const Setting*> settings) {
  for (const Setting* setting : settings) {
    if (setting == nullptr) continue;
    return reading.number(setting, 1, true);
  }
  return {};
}

/// deepspeed --include localhost:0,1,2,3
Number included(const Setting* include) {
  if (include == nullptr || !include->text) return {};
  std::int64_t count = 0;
  for (const std::string_view node : split_text(*include->text, '@')) {
    const std::size_t colon = node.find(':');
    if (colon == std::string_view::npos) return {};
    count += static_cast<std::int64_t>(split_text(node.substr(colon + 1), ',').size());
  }
  return {count, include};
}

}  // namespace

bool runs(const Settings& settings, std::string_view program) {
  return std::any_of(settings.words.begin(), settings.words.end(), [&](const std::string& word) {
    return word == program || (word.ends_with(program) && word[word.size() - program.size() - 1] == '/');
  });
}

void set_launched_world(Reading& reading) {
  const Settings& settings = reading.settings();
  const Number one{.value = 1};
  if (reading.known().world_size) return reading.set_world({});
  const bool is_torchrun = runs(settings, "torchrun") || settings.has_key("nproc_per_node") ||
                           runs(settings, "torch.distributed.run");
  if (is_torchrun) {
    const Setting* nodes = reading.find(flags, {"nnodes"});
    const Setting* processes = reading.find(flags, {"nproc_per_node"});
    return reading.set_world({nodes == nullptr ? one : reading.number(nodes, 1, true),
                              processes == nullptr ? one : reading.number(processes, 1, true)});
  }
  if (runs(settings, "deepspeed")) {
    if (const Number number = included(reading.find(flags, {"include"})); number.value)
      return reading.set_world({number});
    const Setting* nodes = reading.find(flags, {"num_nodes"});
    const bool has_hosts = reading.find(flags, {"hostfile", "h"}) != nullptr;
    // All GPUs of this machine, which a variable of the script counts by convention.
    const Setting* total = reading.find(variables, {"NUM_GPUS", "NUM_GPU"});
    const bool is_counted = reading.find(flags, {"num_gpus"}) != nullptr;
    if (!is_counted && total != nullptr) return reading.set_world({reading.number(total, 1, true)});
    const Number gpus_per_node = first_of(reading, {reading.find(flags, {"num_gpus"})});
    return reading.set_world(
        {nodes == nullptr && !has_hosts ? one : reading.number(nodes, 1, true), gpus_per_node});
  }
  if (const Setting* all = reading.find(flags, {"num_processes"}))
    return reading.set_world({reading.number(all, 1, true)});
  if (runs(settings, "mpirun") || runs(settings, "mpiexec")) {
    if (const Setting* all = reading.find(flags, {"n", "np"}))
      return reading.set_world({reading.number(all, 1, true)});
  }
  if (runs(settings, "srun") || reading.find(directives, {"nodes", "ntasks"}) != nullptr) {
    const Setting* all = reading.find(flags, {"ntasks"});
    if (all == nullptr && runs(settings, "srun")) all = reading.find(flags, {"n"});
    if (all == nullptr) all = reading.find(directives, {"ntasks"});
    if (all != nullptr) return reading.set_world({reading.number(all, 1, true)});
    const Setting* nodes = reading.find(flags, {"nodes"});
    if (nodes == nullptr) nodes = reading.find(directives, {"nodes"});
    const Setting* tasks = reading.find(flags, {"ntasks_per_node"});
    if (tasks == nullptr) tasks = reading.find(directives, {"ntasks_per_node"});
    if (nodes != nullptr && tasks != nullptr)
      return reading.set_world({reading.number(nodes, 1, true), gpus(reading, tasks)});
  }
  if (const Setting* world = reading.find(variables, {"WORLD_SIZE"}))
    return reading.set_world({reading.number(world, 1, true)});
  const Setting* processes = reading.find(variables, {"NPROC_PER_NODE", "GPUS_PER_NODE", "NGPU"});
  const Setting* nodes = reading.find(variables, {"NNODES", "NUM_NODES"});
  if (processes != nullptr) {
    reading.set_world(
        {nodes == nullptr ? one : reading.number(nodes, 1, true), reading.number(processes, 1, true)});
  }
}

}  // namespace rankmesh::launch
