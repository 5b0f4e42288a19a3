#pragma once

#include <cstddef>
#include <span>

#include "rankmesh/topology/mesh.hpp"

namespace rankmesh {

/// The index of the first mesh that has all axes of the groups; 0 if no mesh has them all.
[[nodiscard]] std::size_t mesh_of(const GroupSpec& groups, std::span<const Mesh> meshes);

}  // namespace rankmesh
