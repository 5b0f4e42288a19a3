#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rankmesh/planner/export.hpp"
#include "rankmesh/planner/search.hpp"
#include "rankmesh/topology/diagnostic.hpp"

namespace RANKMESH_PLANNER_API rankmesh {
namespace planner {

/// What a layout would need if one thing were different.
struct WhatIf {
  /// What is different: `network x 0.5`; `tp x 2, dp / 2`.
  std::string change{};
  /// The changed layout with what it needs; nothing if it is impossible.
  std::optional<PlannedLayout> planned{};
  /// Why it is impossible, all reasons.
  std::vector<Diagnostic> reasons{};
};

/// Changes of a layout: half the network, one level of recomputation more, another order of the axes, and a
/// factor of two in each size and in the micro batch. Each has the fastest of the space's orders. A change
/// that a size below 2 does not allow is left out. O(orders x stages).
/// @param planned a layout that a search of this space found
[[nodiscard]] std::vector<WhatIf> what_ifs(const Work& work, const Machine& machine, const SearchSpace& space,
                                           const PlannedLayout& planned, const Constants& constants = {});

/// The fastest layout of a space if memory had no limit. Its estimate says whether it fits into the memory
/// that there is: then memory does not bind. A search.
/// @param space one of which a search has found a layout
[[nodiscard]] WhatIf without_memory_limit(const Work& work, const Machine& machine, const SearchSpace& space,
                                          const Constants& constants = {});

}  // namespace planner
}  // namespace rankmesh
