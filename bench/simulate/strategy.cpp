#include "strategy.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <vector>

#include "rebuild.hpp"
#include "store.hpp"

namespace rankmesh::simulate {
namespace {

constexpr std::array<std::string_view, 5> names = {"split", "create-group", "unique-id", "store", "rebuild"};

/// The version of NCCL in the messages of the agreement.
constexpr const char* simulated_nccl = "2.27.3";

/// Adds what each rank sent and received.
void add_ranks(Outcome& outcome, int ranks, const std::function<const Counts&(int rank)>& protocol,
               const std::function<const Counts&(int rank)>& calls) {
  std::vector<std::int64_t> messages;
  for (int rank = 0; rank < ranks; ++rank) {
    Counts both = protocol(rank);
    messages.push_back(both.messages());
    outcome.protocol.add(both);
    both += calls(rank);
    outcome.all.add(both);
  }
  const auto middle = messages.begin() + static_cast<std::ptrdiff_t>(messages.size() / 2);
  std::nth_element(messages.begin(), middle, messages.end());
  outcome.median_messages = *middle;
}

Outcome simulate_library(Strategy strategy, const Topology& topology, const Conditions& conditions) {
  const CommunicatorPlan plan(topology);
  Job job(plan, schedule_options(strategy, conditions), conditions.costs, conditions.polling, conditions.late,
          group_call(strategy));
  job.run();
  Outcome outcome{.strategy = strategy,
                  .seconds = seconds(job.finished_at()),
                  .agreements = job.agreements(),
                  .steps = static_cast<std::int64_t>(plan.steps().size()),
                  .events = job.events()};
  add_ranks(
      outcome, job.size(), [&](int rank) -> const Counts& { return job.protocol(rank); },
      [&](int rank) -> const Counts& { return job.calls(rank); });
  return outcome;
}

Outcome simulate_rebuild(const Topology& topology, const Conditions& conditions) {
  const RebuildResult result = run_rebuild(topology, spread(topology.world_size(), conditions.lost),
                                           conditions.known, conditions.costs, conditions.polling);
  const CommunicatorPlan plan(topology);
  Outcome outcome{.strategy = Strategy::rebuild,
                  .seconds = result.seconds,
                  .agreements = result.agreements,
                  .steps = static_cast<std::int64_t>(plan.steps().size()),
                  .events = result.events};
  const auto in = [](const std::vector<Counts>& counts) {
    return [&counts](int process) -> const Counts& { return counts[static_cast<std::size_t>(process)]; };
  };
  add_ranks(outcome, static_cast<int>(result.protocol.size()), in(result.protocol), in(result.calls));
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
  Outcome outcome = strategy == Strategy::store     ? simulate_store(topology, conditions)
                    : strategy == Strategy::rebuild ? simulate_rebuild(topology, conditions)
                                                    : simulate_library(strategy, topology, conditions);
  outcome.wall_seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  return outcome;
}

}  // namespace rankmesh::simulate
