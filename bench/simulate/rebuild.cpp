#include "rebuild.hpp"

#include <numeric>
#include <set>
#include <utility>

#include "job.hpp"
#include "meeting.hpp"
#include "rankmesh/comm/plan.hpp"

namespace rankmesh::simulate {
namespace {

/// The groups of each step of a plan that have other members than before.
std::vector<std::set<int>> changed_groups(const CommunicatorPlan& plan, const std::vector<int>& lost) {
  std::vector<std::set<int>> changed;
  for (const PlanStep& step : plan.steps()) {
    std::set<int>& groups = changed.emplace_back();
    for (const int rank : lost) {
      if (const auto place = plan.topology().family(step.kind).locate(rank)) groups.insert(place->group);
    }
  }
  return changed;
}

}  // namespace

std::vector<int> spread(int ranks, int lost) {
  std::vector<int> result;
  for (std::int64_t i = 1; i <= lost; ++i) result.push_back(static_cast<int>(i * ranks / (lost + 1)));
  return result;
}

RebuildResult run_rebuild(const Topology& topology, const std::vector<int>& lost, Known known,
                          const Costs& costs, Polling polling) {
  const int ranks = topology.world_size();
  const int spares = static_cast<int>(lost.size());
  RebuildResult result;
  result.protocol.resize(static_cast<std::size_t>(ranks + spares));
  result.calls.resize(result.protocol.size());
  const auto add = [&](Time finished, std::int64_t events, std::int64_t agreements) {
    result.seconds += seconds(finished);
    result.events += events;
    result.agreements += agreements;
  };

  {
    Meeting all(ranks + spares,
                {.step = "rebuild",
                 .fields = {{.field = "call", .value = "rebuild"}, {.field = "generation", .value = "0"}},
                 .lost = RankSet::of_ranks(lost),
                 .lost_are_known = known == Known::to_all,
                 .idle = spares},
                costs, polling);
    all.run();
    for (int process = 0; process < ranks + spares; ++process) {
      result.protocol[static_cast<std::size_t>(process)] += all.counts(process);
    }
    add(all.finished_at(), all.events(), 1);
  }
  {
    const CommunicatorPlan plan(topology);
    Job job(plan, {.arrivals = Arrivals::before_each_step}, costs, polling);
    const std::vector<std::set<int>> changed = changed_groups(plan, lost);
    job.keep([&](std::size_t step, int group) { return !changed[step].contains(group); });
    job.run();
    std::vector<int> process_of_rank(static_cast<std::size_t>(ranks));
    std::iota(process_of_rank.begin(), process_of_rank.end(), 0);
    for (int spare = 0; spare < spares; ++spare) {
      process_of_rank[static_cast<std::size_t>(lost[static_cast<std::size_t>(spare)])] = ranks + spare;
    }
    for (int rank = 0; rank < ranks; ++rank) {
      const auto process = static_cast<std::size_t>(process_of_rank[static_cast<std::size_t>(rank)]);
      result.protocol[process] += job.protocol(rank);
      result.calls[process] += job.calls(rank);
    }
    add(job.finished_at(), job.events(), job.agreements());
  }
  Meeting left(ranks, {.step = "end of the rebuild"}, costs, polling);
  left.run();
  const RankSet gone = RankSet::of_ranks(lost);
  for (int process = 0, position = 0; process < ranks + spares; ++process) {
    if (gone.contains(process)) continue;
    result.protocol[static_cast<std::size_t>(process)] += left.counts(position++);
  }
  add(left.finished_at(), left.events(), 1);
  return result;
}

}  // namespace rankmesh::simulate
