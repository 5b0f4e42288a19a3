#include "rankmesh/output/crossing_text.hpp"

#include <fmt/format.h>

#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {

std::vector<std::string> crossing_warnings(const Topology& topology, const Cluster& cluster,
                                           const Placement& placement, std::span<const KindLevel> keep) {
  std::vector<std::string> warnings;
  for (const Crossing& crossing : crossings(topology, cluster, placement, keep)) {
    std::string text = to_text(crossing, topology, cluster, placement);
    if (crossing.remedy) text += "; " + remedy_text(*crossing.remedy);
    warnings.push_back(std::move(text));
  }
  return warnings;
}

std::string remedy_text(const CrossingRemedy& remedy) {
  switch (remedy.sort) {
    case CrossingRemedy::Sort::identity:
      return "ranks in the order of the slots keep them together";
    case CrossingRemedy::Sort::order:
      return fmt::format("--order {} keeps them together", remedy.order);
    case CrossingRemedy::Sort::tensor_size:
      return fmt::format("a --tp of {} keeps them together", remedy.tensor);
    case CrossingRemedy::Sort::best_placement:
      break;
  }
  if (remedy.weights.empty()) return "the placement of rankmesh place keeps them together";
  const std::string weights = joined(remedy.weights, ",", [](const KindWeight& weight) {
    return fmt::format("{}={}", weight.kind.name(), weight.weight);
  });
  return fmt::format("the placement of rankmesh place --weights {} keeps them together", weights);
}

}  // namespace rankmesh::cli
