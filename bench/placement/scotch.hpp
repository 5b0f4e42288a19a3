#pragma once

#include <optional>

#include "rankmesh/topology/best_placement.hpp"

/// The placement that SCOTCH's mapping of a graph onto a tree finds: ranks are vertices, what groups exchange
/// are edges, and a path between slots costs as much as the levels that it crosses. Two ranks that SCOTCH
/// maps to one slot are put on the nearest free ones.
/// @return nothing in a build without SCOTCH
std::optional<rankmesh::Placement> scotch_placement(const rankmesh::Topology& topology,
                                                    const rankmesh::Cluster& cluster,
                                                    const rankmesh::PlacementWeights& weights);
