#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cluster_options.hpp"
#include "loss_options.hpp"
#include "rankmesh/output/style.hpp"
#include "rankmesh/output/writer.hpp"
#include "rankmesh/topology/survivors.hpp"

namespace rankmesh::cli {

/// A job that lost ranks.
struct LostJob {
  Topology topology;
  std::optional<PlacedRanks> where{};
  SurvivorOptions options{};
  GivenLoss loss{};
  /// The spares that are not lost, ascending; `Survival` counts only these.
  std::vector<int> spares{};
  Survival survival{};
  /// The layouts with other sizes, if these may change.
  std::vector<FittingLayout> layouts{};
};

void print_survival(const LostJob& job, bool as_json, Writer& out, Style style);

/// A job that may lose any one domain of a level.
struct SweptJob {
  Topology topology;
  PlacedRanks where;
  std::size_t level = 0;
  SurvivorOptions options{};
  LossSweep sweep{};
};

void print_sweep(const SweptJob& job, bool as_json, Writer& out, Style style);

}  // namespace rankmesh::cli
