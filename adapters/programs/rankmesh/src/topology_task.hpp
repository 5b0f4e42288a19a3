#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "command.hpp"
#include "rankmesh/topology/topology.hpp"

namespace rankmesh::cli {

/// Warnings about ranks placed on nodes in order: tensor groups that cross nodes, a last node that is not
/// full.
[[nodiscard]] std::vector<std::string> placement_warnings(const Topology& topology, int gpus_per_node);

/// A task that prints something of a topology, with the warnings of the topology and of its placement.
[[nodiscard]] Task task_on(const ParallelConfig& config, std::optional<int> gpus_per_node,
                           std::function<void(const Topology&, Writer&, Style)> print);

}  // namespace rankmesh::cli
