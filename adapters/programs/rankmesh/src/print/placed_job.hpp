#pragma once

#include <optional>
#include <string>

#include "rankmesh/output/style.hpp"
#include "rankmesh/output/writer.hpp"
#include "rankmesh/topology/best_placement.hpp"

namespace rankmesh::cli {

/// How a placement is printed: for people, as data, or as a file of a launcher.
enum class PlacementFormat { text, json, hostfile, rankfile, hydra, slurm, torchrun, ranks };

/// A placement that was found, with what it was found for.
struct PlacedJob {
  Topology topology;
  Cluster cluster;
  PlacementWeights weights;
  BestPlacement best;
  /// The order of Megatron-Core's axes that serves as well.
  std::optional<std::string> order{};
};

/// Why torchrun cannot start the placement, which has nodes with consecutive ranks of one number; empty if it
/// can.
[[nodiscard]] std::string why_not_torchrun(const PlacedJob& job);

void print_placement(const PlacedJob& job, PlacementFormat format, Writer& out, Style style);

}  // namespace rankmesh::cli
