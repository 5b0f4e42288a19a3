// For a build without SCOTCH.

#include "scotch.hpp"

std::optional<rankmesh::Placement> scotch_placement(const rankmesh::Topology&, const rankmesh::Cluster&,
                                                    const rankmesh::PlacementWeights&) {
  return std::nullopt;
}
