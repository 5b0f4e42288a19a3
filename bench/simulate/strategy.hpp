#pragma once

#include <cstdint>
#include <string_view>

#include "job.hpp"

namespace rankmesh::simulate {

/// What is simulated: a way of the library, or that of the reference.
enum class Strategy { split, create_group, unique_id, store };

[[nodiscard]] std::string_view to_string(Strategy strategy);

/// How it is simulated.
struct Conditions {
  Costs costs{};
  Arrivals arrivals = Arrivals::once;
  Polling polling = Polling::busy;
  int ranks_per_identifier = 128;
  /// How many messages of the reference way are simulated for each kind of group at the most; the other
  /// groups of the kind are taken to cost as much.
  std::int64_t store_messages = 10'000'000;
  std::optional<LateRank> late{};
};

/// The most that one rank has, and what all have together.
struct Load {
  /// Sent and received at the busiest rank.
  std::int64_t most_messages = 0;
  std::int64_t most_bytes = 0;
  /// Sent by all ranks.
  std::int64_t messages = 0;
  std::int64_t bytes = 0;

  void add(const Counts& rank);
  bool operator==(const Load&) const = default;
};

/// What came of a simulation.
struct Outcome {
  Strategy strategy{};
  /// When the last rank was done: seconds of virtual time.
  double seconds = 0;
  /// Of everything, and of the library's own protocols among it.
  Load all{};
  Load protocol{};
  /// Collective steps: those of the plan, or the groups that are created one after another.
  std::int64_t steps = 0;
  /// What the simulation itself took.
  std::int64_t events = 0;
  double wall_seconds = 0;
};

[[nodiscard]] Outcome simulate(Strategy strategy, const Topology& topology, const Conditions& conditions);

}  // namespace rankmesh::simulate
