#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cluster_options.hpp"
#include "command.hpp"
#include "rankmesh/options/config_options.hpp"
#include "rankmesh/topology/topology.hpp"

namespace rankmesh::cli {

/// The warnings of a topology, and those about its groups on a cluster: `where` or, without it, nodes with
/// ranks in order, of which the last may not be full.
[[nodiscard]] std::vector<std::string> all_warnings(const Topology& topology,
                                                    std::optional<int> gpus_per_node,
                                                    const std::optional<PlacedRanks>& where = std::nullopt);

/// A task that prints something of the topology of valid options, with all its warnings and the notes of the
/// options.
[[nodiscard]] Task task_on(const OptionReading& reading, std::optional<int> gpus_per_node,
                           std::function<void(const Topology&, Writer&, Style)> print,
                           const std::optional<PlacedRanks>& where = std::nullopt);
/// A task that prints something of a topology, with all its warnings.
[[nodiscard]] Task task_on(const ParallelConfig& config, std::optional<int> gpus_per_node,
                           std::function<void(const Topology&, Writer&, Style)> print,
                           const std::optional<PlacedRanks>& where = std::nullopt);

}  // namespace rankmesh::cli
