#pragma once

#include "rankmesh/planner/estimate.hpp"

namespace rankmesh::planner {

inline constexpr double gib = 1024.0 * 1024.0 * 1024.0;

/// The memory of one stage. O(1).
[[nodiscard]] StageMemory memory_of_stage(const Work& work, const Training& training, const Layout& layout,
                                          const Constants& constants, std::int64_t stage);

/// Whether the stage with the most memory fits.
[[nodiscard]] inline Fit fit_of(const StageMemory& memory, const Machine& machine) {
  const double capacity = machine.gpu.memory_gib * gib;
  const double total = memory.total();
  return total > capacity ? Fit::no : total > 0.95 * capacity ? Fit::tight : Fit::yes;
}

}  // namespace rankmesh::planner
