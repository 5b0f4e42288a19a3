#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "rankmesh/comm/export.hpp"
#include "rankmesh/comm/plan.hpp"
#include "rankmesh/topology/parallel_config.hpp"
#include "rankmesh/topology/survivors.hpp"

namespace RANKMESH_COMM_API rankmesh {

/// A job between two losses: the processes that it has, and the layout that they run. *Processes* keep their
/// numbers as long as the job runs, since they are ranks of the communicator that it started with. *Ranks*
/// are those of the layout, and change hands. A regular value.
struct Generation {
  /// 0 for the generation that the job started with; one more for each rebuild.
  int number = 0;
  /// The layout.
  ParallelConfig config{};
  /// The process of each rank.
  std::vector<int> process_of_rank{};
  /// The processes that are not lost, ascending.
  std::vector<int> processes{};

  /// The rank of a process; nothing for one that is idle or lost. O(ranks).
  [[nodiscard]] std::optional<int> rank_of(int process) const noexcept;
  /// The processes without a rank, ascending: the spares. O(processes).
  [[nodiscard]] std::vector<int> idle() const;

  bool operator==(const Generation&) const = default;
};

/// The generation that a job starts with: rank r is process r, and the processes behind them are idle.
/// @param processes the number of processes
/// @throws ConfigError if the configuration is invalid, or has more ranks than there are processes
[[nodiscard]] Generation first_generation(const ParallelConfig& config, int processes);

/// The next generation, and how it follows from the one before.
struct NextGeneration {
  /// The generation.
  Generation generation{};
  /// What the loss costs, and who has which state, by the ranks of the generation before. Its spares are the
  /// idle processes, in their order.
  Survival survival{};
};

/// What a job goes on with after a loss: spares and processes of incomplete replicas take the places of the
/// lost, see `survivors`. The same on every process that has the same arguments. O(processes + lost *
/// holders).
/// @param processes those that are left, ascending
/// @param options the number of spares counts for nothing: the idle processes are the spares
/// @throws ConfigError if no replica can be made of them
[[nodiscard]] NextGeneration next_generation(const Generation& before, std::span<const int> processes,
                                             SurvivorOptions options = {});

/// A plan, and the processes that its ranks are.
struct PlannedProcesses {
  /// The plan.
  const CommunicatorPlan& plan;
  /// By rank.
  std::span<const int> process_of_rank;
};

/// The step of the plan before that the communicator of a step can come from.
struct Predecessor {
  /// Its index.
  std::size_t step = 0;
  /// The positions of the members that the group has no more, ascending; empty if the group is the same.
  std::vector<int> left_out{};

  bool operator==(const Predecessor&) const = default;
};

/// For each step of a plan, where the communicator of this process can come from: a step of the plan before
/// with the same key and options whose group has the same processes in the same order, so that it can be
/// kept; or else the step of the same kind, if its group has these processes in the same order and others
/// besides. A step of the plan before is named once. Every member of a group comes to the same answer.
/// O(steps^2 * group size).
/// @param process has a rank in the plan, and perhaps in the one before
[[nodiscard]] std::vector<std::optional<Predecessor>> predecessors(const PlannedProcesses& before,
                                                                   const PlannedProcesses& next, int process);

/// The predecessors that can be kept.
[[nodiscard]] std::vector<std::optional<std::size_t>> kept_steps(const PlannedProcesses& before,
                                                                 const PlannedProcesses& next, int process);

}  // namespace rankmesh
