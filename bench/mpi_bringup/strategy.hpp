#pragma once

#include <functional>
#include <string>
#include <vector>

#include "rankmesh/comm/plan.hpp"

namespace rankmesh::bench {

/// The communicators that a strategy created on this rank.
struct Created {
  /// The number of communicators of this rank.
  int communicators = 0;
  /// The number of collective calls over the whole world.
  int world_calls = 0;
  /// Frees the communicators.
  /// @collective over the world
  std::function<void()> free;
};

/// A strategy to create the MPI communicators of a layout.
struct Strategy {
  std::string name;
  /// @collective over the world
  std::function<Created()> create;
};

/// This library; several strategies that create the same communicators by hand, without checks; and the
/// procedure of the reference module over MPI, in which every rank takes part in creating every group of
/// every kind.
/// @param plan must outlive the strategies
[[nodiscard]] std::vector<Strategy> all_strategies(const CommunicatorPlan& plan);

}  // namespace rankmesh::bench
