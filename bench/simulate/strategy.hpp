#pragma once

#include <cstdint>
#include <string_view>

#include "job.hpp"
#include "rebuild.hpp"

namespace rankmesh::simulate {

/// What is simulated.
enum class Strategy {
  /// MPI communicators of the library, but with one MPI_Comm_split of the world for each step of the plan.
  split,
  /// MPI communicators of the library, with one MPI_Comm_create_group for each group.
  create_group,
  /// NCCL communicators of the library, whose IDs travel in one exchange of messages.
  unique_id,
  /// The reference, where every rank asks a store for every group.
  store,
  /// A rebuild of MPI communicators of the library after processes are lost, with a spare for each.
  rebuild,
};

[[nodiscard]] std::string_view to_string(Strategy strategy);

/// How it is simulated.
struct Conditions {
  Costs costs{};
  Arrivals arrivals = Arrivals::once;
  Polling polling = Polling::busy;
  int ranks_per_identifier = default_ranks_per_identifier;
  /// How many messages of the strategy `store` are simulated for each kind of group at most; the other groups
  /// of the kind are assumed to cost as much.
  std::int64_t store_messages = 10'000'000;
  std::optional<LateRank> late{};
  /// How many processes are lost before a rebuild.
  int lost = 1;
  Known known = Known::to_all;
};

/// What the busiest rank sends and receives, and what all ranks send.
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

/// The result of a simulation.
struct Outcome {
  Strategy strategy{};
  /// When the last rank was done: seconds of virtual time.
  double seconds = 0;
  /// All messages, and those of the library's own protocols among them.
  Load all{};
  Load protocol{};
  /// Half of the ranks send and receive no more messages of the protocols than this; 0 for the store.
  std::int64_t median_messages = 0;
  /// How often all ranks wait for each other in an agreement; 0 for the store.
  std::int64_t agreements = 0;
  /// Collective steps: those of the plan, or the groups that are created one after another.
  std::int64_t steps = 0;
  /// What the simulation itself took.
  std::int64_t events = 0;
  double wall_seconds = 0;
};

/// The bring-up of the library that a strategy stands for.
[[nodiscard]] ScheduleOptions schedule_options(Strategy strategy, const Conditions& conditions);
/// The MPI function that makes its groups.
[[nodiscard]] Call group_call(Strategy strategy);

[[nodiscard]] Outcome simulate(Strategy strategy, const Topology& topology, const Conditions& conditions);

}  // namespace rankmesh::simulate
