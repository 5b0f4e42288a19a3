#include "strategy.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "store.hpp"

namespace rankmesh::simulate {
namespace {

constexpr std::array<std::string_view, 4> names = {"split", "create-group", "unique-id", "store"};

Way way_of(Strategy strategy) {
  switch (strategy) {
    case Strategy::split:
      return Way::split;
    case Strategy::create_group:
      return Way::create_group;
    case Strategy::unique_id:
    case Strategy::store:
      break;
  }
  return Way::unique_id;
}

Outcome simulate_library(Strategy strategy, const Topology& topology, const Conditions& conditions) {
  const CommunicatorPlan plan(topology);
  const Program program =
      program_of(way_of(strategy), plan, conditions.arrivals, conditions.ranks_per_identifier);
  Job job(plan, program, conditions.costs, conditions.polling, conditions.late);
  job.run();
  Outcome outcome{.strategy = strategy,
                  .seconds = seconds(job.finished_at()),
                  .steps = static_cast<std::int64_t>(plan.steps().size()),
                  .events = job.events()};
  for (int rank = 0; rank < job.size(); ++rank) {
    Counts both = job.protocol(rank);
    outcome.protocol.add(both);
    both += job.calls(rank);
    outcome.all.add(both);
  }
  return outcome;
}

Outcome simulate_store(const Topology& topology, const Conditions& conditions) {
  const StoreResult result = run_store(topology, conditions.costs.tcp, conditions.store_messages);
  return {.strategy = Strategy::store,
          .seconds = result.seconds,
          .all = {.most_messages = result.at_store.messages(),
                  .most_bytes = result.at_store.bytes(),
                  .messages = result.at_store.messages(),
                  .bytes = result.at_store.bytes()},
          .steps = result.groups,
          .events = result.events};
}

}  // namespace

std::string_view to_string(Strategy strategy) {
  return names[static_cast<std::size_t>(strategy)];
}

void Load::add(const Counts& rank) {
  most_messages = std::max(most_messages, rank.messages());
  most_bytes = std::max(most_bytes, rank.bytes());
  messages += rank.messages_sent;
  bytes += rank.bytes_sent;
}

Outcome simulate(Strategy strategy, const Topology& topology, const Conditions& conditions) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  Outcome outcome = strategy == Strategy::store ? simulate_store(topology, conditions)
                                                : simulate_library(strategy, topology, conditions);
  outcome.wall_seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  return outcome;
}

}  // namespace rankmesh::simulate
