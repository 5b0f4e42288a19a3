#pragma once

#include <functional>
#include <string>
#include <vector>

#include "rankmesh/comm/plan.hpp"

namespace rankmesh::bench {

/// What a way made on this rank.
struct Made {
  /// How many communicators this rank holds.
  int communicators = 0;
  /// How many calls were made over the whole world.
  int world_calls = 0;
  std::function<void()> free;
};

/// One way to make the communicators of a layout over `MPI_COMM_WORLD`.
struct Way {
  std::string name;
  /// @collective over the world, like what frees it
  std::function<Made()> make;
};

/// This library; the same communicators by hand, without any check, in several ways; and what the Python
/// module does, carried over to MPI: every rank takes part in making every group of every kind.
/// @param plan must outlive the ways
[[nodiscard]] std::vector<Way> all_ways(const CommunicatorPlan& plan);

}  // namespace rankmesh::bench
