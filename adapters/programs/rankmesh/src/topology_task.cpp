#include "topology_task.hpp"

#include <fmt/format.h>

#include "rankmesh/cli/run.hpp"
#include "rankmesh/topology/spans.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {

std::vector<std::string> placement_warnings(const Topology& topology, int gpus_per_node) {
  std::vector<std::string> result;
  if (const GroupFamily* tensor = topology.find(GroupKind::tensor)) {
    const BlockSpan span = block_span(*tensor, gpus_per_node);
    if (span.most > 1) {
      result.push_back(
          fmt::format("tensor groups cross nodes: the {} ranks of a group lie on {}{} nodes of {}, though "
                      "they exchange the most data; choose a --tp that divides {}",
                      tensor->group_size(), span.fewest == span.most ? "" : "up to ", span.most,
                      counted(gpus_per_node, "GPU"), gpus_per_node));
    }
  }
  if (const int rest = topology.world_size() % gpus_per_node; rest != 0) {
    result.push_back(
        fmt::format("the last node is not full: it uses {} of its {} GPUs, since {} does not divide {}", rest,
                    gpus_per_node, gpus_per_node, topology.world_size()));
  }
  return result;
}

Task task_on(const ParallelConfig& config, std::optional<int> gpus_per_node,
             std::function<void(const Topology&, Writer&, Style)> print) {
  const Topology topology(config);
  Task task{.warnings = warnings(topology)};
  if (gpus_per_node) {
    const std::vector<std::string> placement = placement_warnings(topology, *gpus_per_node);
    task.warnings.insert(task.warnings.end(), placement.begin(), placement.end());
  }
  task.run = [topology, print = std::move(print)](Writer& out, Style style) {
    print(topology, out, style);
    return success;
  };
  return task;
}

}  // namespace rankmesh::cli
