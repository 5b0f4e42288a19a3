#include "rankmesh/output/topology_text.hpp"

#include <fmt/format.h>

#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {

std::vector<std::string> world_lines(const Topology& topology, std::optional<int> gpus_per_node) {
  std::vector<std::string> lines;
  std::string& first =
      lines.emplace_back(fmt::format("world of {}: {} (leftmost varies fastest)",
                                     counted(topology.layout_size(), "rank"), topology.mesh().to_string()));
  if (gpus_per_node) {
    const std::int64_t nodes = (std::int64_t{topology.world_size()} + *gpus_per_node - 1) / *gpus_per_node;
    first += fmt::format(", {} of {}", counted(nodes, "node"), counted(*gpus_per_node, "GPU"));
  }
  // The meshes of the user's own are the last.
  const std::size_t of_convention = topology.meshes().size() - topology.config().meshes.size();
  for (std::size_t i = 1; i < topology.meshes().size(); ++i) {
    const bool is_own = i >= of_convention;
    if (!is_own && topology.config().convention == Convention::reference) continue;
    lines.push_back(fmt::format("{}: {}", is_own ? "and" : "experts", topology.meshes()[i].to_string()));
  }
  if (topology.first_rank() > 0 || topology.world_size() > topology.layout_size()) {
    lines.push_back(fmt::format("placed at the ranks {} .. {} of a job of {}", topology.first_rank(),
                                topology.first_rank() + topology.layout_size() - 1, topology.world_size()));
  }
  return lines;
}

}  // namespace rankmesh::cli
