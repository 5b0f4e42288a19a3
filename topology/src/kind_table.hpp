#pragma once

#include <span>
#include <vector>

#include "rankmesh/topology/topology.hpp"

namespace rankmesh {

/// The meshes the kinds of the reference are made from.
/// @param config valid
[[nodiscard]] std::vector<Mesh> reference_meshes(const ParallelConfig& config);

/// The kinds of the reference in its order of creation.
/// @param config valid
/// @param meshes those of `reference_meshes`
[[nodiscard]] std::vector<KindFamily> reference_kinds(const ParallelConfig& config,
                                                      std::span<const Mesh> meshes);

}  // namespace rankmesh
