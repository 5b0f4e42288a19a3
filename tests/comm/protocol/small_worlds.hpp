#pragma once

#include <chrono>
#include <vector>

#include "simulated_job.hpp"

namespace rankmesh::tests {

/// The timeouts of the jobs whose every turn is explored.
inline constexpr Timeouts timeouts{.deadline = std::chrono::seconds(2), .grace = std::chrono::seconds(1)};

struct World {
  int size = 0;
  MessagePaths paths{};
};

/// Along the tree of a large world, and directly.
inline std::vector<World> worlds(int size) {
  return {{size, as_in_large_worlds},
          {size, {.tree_radix = 2, .direct_up_to = 64}},
          {size, {.tree_radix = 8, .direct_up_to = 64}}};
}

}  // namespace rankmesh::tests
