#include "topology_task.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "rankmesh/cli/run.hpp"
#include "rankmesh/topology/spans.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {

namespace {

/// Whether no tensor group of a configuration lies on several nodes.
bool keeps_tensor_groups(const ParallelConfig& config, int gpus_per_node) {
  if (!check(config).empty()) return false;
  const Topology topology(config);
  return block_span(topology.family(GroupKind::tensor), gpus_per_node).most == 1;
}

/// An option that keeps tensor groups on one node, as advice: another order, or a smaller tensor parallel
/// size. Empty if neither does.
std::string advice_on_tensor_groups(const ParallelConfig& config, int gpus_per_node) {
  if (config.convention == Convention::mesh) return "";
  ParallelConfig changed = config;
  if (config.convention == Convention::megatron_core) {
    std::vector<std::string_view> axes = split_text(config.order, '-');
    std::erase(axes, "tp");
    axes.insert(axes.begin(), "tp");
    changed.order = joined(axes, "-");
    if (keeps_tensor_groups(changed, gpus_per_node))
      return "; --order " + changed.order + " keeps them together";
    changed.order = config.order;
  }
  for (changed.tensor = std::min<std::int64_t>(config.tensor - 1, gpus_per_node); changed.tensor > 1;
       --changed.tensor) {
    if (gpus_per_node % changed.tensor != 0 || !keeps_tensor_groups(changed, gpus_per_node)) continue;
    return "; a --tp of " + std::to_string(changed.tensor) + " keeps them together";
  }
  return "";
}

void add_placement_warnings(const Topology& topology, int gpus_per_node, std::vector<std::string>& warnings) {
  if (const GroupFamily* tensor = topology.find(GroupKind::tensor)) {
    const BlockSpan span = block_span(*tensor, gpus_per_node);
    if (span.most > 1) {
      warnings.push_back(fmt::format(
          "tensor groups cross nodes: the {} ranks of a group lie on {}{} nodes of {}, though "
          "they exchange the most data{}",
          tensor->group_size(), span.fewest == span.most ? "" : "up to ", span.most,
          counted(gpus_per_node, "GPU"), advice_on_tensor_groups(topology.config(), gpus_per_node)));
    }
  }
  if (const int rest = topology.world_size() % gpus_per_node; rest != 0) {
    warnings.push_back(
        fmt::format("the last node is not full: it uses {} of its {} GPUs, since {} does not divide {}", rest,
                    gpus_per_node, gpus_per_node, topology.world_size()));
  }
}

}  // namespace

std::vector<std::string> all_warnings(const Topology& topology, std::optional<int> gpus_per_node) {
  std::vector<std::string> result = warnings(topology);
  if (gpus_per_node) add_placement_warnings(topology, *gpus_per_node, result);
  return result;
}

Task task_on(const OptionReading& reading, std::optional<int> gpus_per_node,
             std::function<void(const Topology&, Writer&, Style)> print,
             const std::optional<PlacedRanks>& where) {
  Task task = task_on(reading.config, gpus_per_node, std::move(print));
  if (where) {
    const std::vector<std::string> more = crossing_warnings(Topology(reading.config), *where);
    task.warnings.insert(task.warnings.end(), more.begin(), more.end());
  }
  task.warnings.insert(task.warnings.begin(), reading.notes.begin(), reading.notes.end());
  return task;
}

Task task_on(const ParallelConfig& config, std::optional<int> gpus_per_node,
             std::function<void(const Topology&, Writer&, Style)> print) {
  const Topology topology(config);
  Task task{.warnings = all_warnings(topology, gpus_per_node)};
  task.run = [topology, print = std::move(print)](Writer& out, Style style) {
    print(topology, out, style);
    return success;
  };
  return task;
}

}  // namespace rankmesh::cli
