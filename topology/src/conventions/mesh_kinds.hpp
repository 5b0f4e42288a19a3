#pragma once

#include <cstddef>
#include <span>

#include "rankmesh/topology/mesh.hpp"

namespace rankmesh {

/// The first mesh that has all axes named; the first of all if none has.
[[nodiscard]] std::size_t mesh_of(const GroupSpec& groups, std::span<const Mesh> meshes);

}  // namespace rankmesh
