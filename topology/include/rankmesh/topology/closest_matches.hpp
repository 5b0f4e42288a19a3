#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/export.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// The known words that are a typing error away from a word, those at the least distance; empty if none is.
/// Up to a third of the letters may be wrong; dashes and underscores do not count. O(letters^2) for each
/// known word.
[[nodiscard]] std::vector<std::string> closest_matches(std::string_view word,
                                                       std::span<const std::string> known);

}  // namespace rankmesh
