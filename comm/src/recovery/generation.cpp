#include "rankmesh/comm/generation.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <numeric>
#include <string>
#include <utility>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/topology.hpp"

namespace rankmesh {

namespace {

std::optional<int> position_of(int process, std::span<const int> processes) {
  const auto found = std::find(processes.begin(), processes.end(), process);
  if (found == processes.end()) return std::nullopt;
  return static_cast<int>(found - processes.begin());
}

/// The processes of a rank's group in a step; none if it has no group.
std::vector<int> group_processes(const PlannedProcesses& planned, const RankStep& step) {
  std::vector<int> processes;
  if (!step.group) return processes;
  for (const int rank : planned.plan.topology().family(step.kind).group(*step.group)) {
    processes.push_back(planned.process_of_rank[static_cast<std::size_t>(rank)]);
  }
  return processes;
}

}  // namespace

std::optional<int> Generation::rank_of(int process) const noexcept {
  return position_of(process, process_of_rank);
}

std::vector<int> Generation::idle() const {
  std::vector<int> busy = process_of_rank;
  std::sort(busy.begin(), busy.end());
  std::vector<int> result;
  std::set_difference(processes.begin(), processes.end(), busy.begin(), busy.end(),
                      std::back_inserter(result));
  return result;
}

Generation first_generation(const ParallelConfig& config, int processes) {
  const int ranks = Topology(config).world_size();
  if (ranks > processes) {
    throw ConfigError({{.field = "world_size",
                        .value = std::to_string(ranks),
                        .rule = "is more than the " + std::to_string(processes) + " processes of the job"}});
  }
  Generation first{.config = config};
  first.process_of_rank.resize(static_cast<std::size_t>(ranks));
  std::iota(first.process_of_rank.begin(), first.process_of_rank.end(), 0);
  first.processes.resize(static_cast<std::size_t>(processes));
  std::iota(first.processes.begin(), first.processes.end(), 0);
  return first;
}

NextGeneration next_generation(const Generation& before, std::span<const int> processes,
                               SurvivorOptions options) {
  const auto is_left = [&](int process) {
    return std::binary_search(processes.begin(), processes.end(), process);
  };
  std::vector<int> lost_ranks;
  for (std::size_t rank = 0; rank < before.process_of_rank.size(); ++rank) {
    if (!is_left(before.process_of_rank[rank])) lost_ranks.push_back(static_cast<int>(rank));
  }
  std::vector<int> spares = before.idle();
  std::erase_if(spares, [&](int process) { return !is_left(process); });
  options.spares = static_cast<int>(spares.size());

  NextGeneration next{.survival = survivors(Topology(before.config), lost_ranks, options)};
  next.generation.number = before.number + 1;
  next.generation.config = next.survival.config;
  next.generation.processes.assign(processes.begin(), processes.end());
  const std::size_t ranks_before = before.process_of_rank.size();
  for (const int old_rank : next.survival.old_rank_of_rank) {
    const auto index = static_cast<std::size_t>(old_rank);
    next.generation.process_of_rank.push_back(index < ranks_before ? before.process_of_rank[index]
                                                                   : spares[index - ranks_before]);
  }
  return next;
}

std::vector<std::optional<std::size_t>> kept_steps(const PlannedProcesses& before,
                                                   const PlannedProcesses& next, int process) {
  std::vector<std::optional<std::size_t>> kept(next.plan.steps().size());
  const std::optional<int> rank_before = position_of(process, before.process_of_rank);
  const std::optional<int> rank = position_of(process, next.process_of_rank);
  if (!rank || !rank_before) return kept;
  const std::vector<RankStep> steps_before = before.plan.for_rank(*rank_before);
  std::vector<std::vector<int>> groups_before;
  for (const RankStep& step : steps_before) groups_before.push_back(group_processes(before, step));
  // Two steps may have the same group here, and two communicators.
  std::vector<bool> is_taken(before.plan.steps().size());
  for (const RankStep& step : next.plan.for_rank(*rank)) {
    const std::vector<int> group = group_processes(next, step);
    const PlanStep& planned = next.plan.steps()[step.step];
    for (const RankStep& candidate : steps_before) {
      const PlanStep& old = before.plan.steps()[candidate.step];
      if (is_taken[candidate.step] || group.empty() || groups_before[candidate.step] != group ||
          old.sharing_key != planned.sharing_key ||
          old.communicator_options != planned.communicator_options) {
        continue;
      }
      is_taken[candidate.step] = true;
      kept[step.step] = candidate.step;
      break;
    }
  }
  return kept;
}

}  // namespace rankmesh
