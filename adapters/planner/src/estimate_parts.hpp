#pragma once

#include "rankmesh/planner/estimate.hpp"

namespace rankmesh::planner {

inline constexpr double gib = 1024.0 * 1024.0 * 1024.0;

/// The memory of one stage. O(1).
[[nodiscard]] StageMemory memory_of_stage(const Work& work, const Training& training, const Layout& layout,
                                          const Constants& constants, std::int64_t stage);

}  // namespace rankmesh::planner
