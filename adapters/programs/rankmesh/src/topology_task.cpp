#include "topology_task.hpp"

#include <fmt/format.h>

#include <limits>

#include "rankmesh/cli/run.hpp"
#include "rankmesh/output/crossing_text.hpp"

namespace rankmesh::cli {

namespace {

void add_placement_warnings(const Topology& topology, int gpus_per_node, std::vector<std::string>& warnings) {
  const int ranks = topology.world_size();
  const std::int64_t slots = (std::int64_t{ranks} + gpus_per_node - 1) / gpus_per_node * gpus_per_node;
  // The slots of a last node that is not full may be more than a cluster can have.
  if (slots <= std::numeric_limits<int>::max()) {
    const std::vector<std::string> crossing =
        crossing_warnings(topology, cluster_of_nodes(ranks, gpus_per_node), Placement::identity(ranks));
    warnings.insert(warnings.end(), crossing.begin(), crossing.end());
  }
  if (const int rest = ranks % gpus_per_node; rest != 0) {
    warnings.push_back(
        fmt::format("the last node is not full: it uses {} of its {} GPUs, since {} does not divide {}", rest,
                    gpus_per_node, gpus_per_node, ranks));
  }
}

}  // namespace

std::vector<std::string> all_warnings(const Topology& topology, std::optional<int> gpus_per_node,
                                      const std::optional<PlacedRanks>& where) {
  std::vector<std::string> result = warnings(topology);
  if (where) {
    const auto crossing = crossing_warnings(topology, where->cluster, where->placement, where->keep);
    result.insert(result.end(), crossing.begin(), crossing.end());
  } else if (gpus_per_node) {
    add_placement_warnings(topology, *gpus_per_node, result);
  }
  return result;
}

Task task_on(const OptionReading& reading, std::optional<int> gpus_per_node,
             std::function<void(const Topology&, Writer&, Style)> print,
             const std::optional<PlacedRanks>& where) {
  Task task = task_on(reading.config, gpus_per_node, std::move(print), where);
  task.warnings.insert(task.warnings.begin(), reading.notes.begin(), reading.notes.end());
  return task;
}

Task task_on(const ParallelConfig& config, std::optional<int> gpus_per_node,
             std::function<void(const Topology&, Writer&, Style)> print,
             const std::optional<PlacedRanks>& where) {
  const Topology topology(config);
  Task task{.warnings = all_warnings(topology, gpus_per_node, where)};
  task.run = [topology, print = std::move(print)](Writer& out, Style style) {
    print(topology, out, style);
    return success;
  };
  return task;
}

}  // namespace rankmesh::cli
