#include "strategy.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "store.hpp"

namespace rankmesh::simulate {
namespace {

constexpr std::array<std::string_view, 4> names = {"split", "create-group", "unique-id", "store"};

/// The version of NCCL in the messages of the agreement.
constexpr const char* simulated_nccl = "2.27.3";

Outcome simulate_library(Strategy strategy, const Topology& topology, const Conditions& conditions) {
  const CommunicatorPlan plan(topology);
  Job job(plan, schedule_options(strategy, conditions), conditions.costs, conditions.polling, conditions.late,
          group_call(strategy));
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

ScheduleOptions schedule_options(Strategy strategy, const Conditions& conditions) {
  ScheduleOptions options{.arrivals = conditions.arrivals};
  if (strategy == Strategy::unique_id) {
    options.nccl = NcclScheduleOptions{.library_version = simulated_nccl,
                                       .header_version = simulated_nccl,
                                       .ranks_per_identifier = conditions.ranks_per_identifier};
  }
  return options;
}

Call group_call(Strategy strategy) {
  return strategy == Strategy::split ? Call::split : Call::create_group;
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
