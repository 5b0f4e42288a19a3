#include "settings.hpp"

#include <array>
#include <string_view>

#include "rankmesh/options/options.hpp"
#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/error.hpp"

namespace rankmesh::simulate {
namespace {

using std::chrono::nanoseconds;

constexpr int exit_bad_input = 2;

/// The options that set one of the costs.
struct CostOption {
  const char* name;
  const char* value_name;
  const char* description;
  const char* default_value;
  LogGP Costs::*network;
  Time LogGP::*parameter;
  Time unit;
};

constexpr std::array<CostOption, 8> cost_options = {{
    {"--latency", "NS", "L of MPI messages, in nanoseconds", "2500", &Costs::mpi, &LogGP::latency,
     nanoseconds(1)},
    {"--overhead", "NS", "o of MPI messages", "1500", &Costs::mpi, &LogGP::overhead, nanoseconds(1)},
    {"--gap", "NS", "g of MPI messages", "1000", &Costs::mpi, &LogGP::gap, nanoseconds(1)},
    {"--gap-per-byte", "PS", "G of MPI messages, in picoseconds", "40", &Costs::mpi, &LogGP::gap_per_byte,
     Time(1)},
    {"--tcp-latency", "NS", "L of messages over sockets", "15000", &Costs::tcp, &LogGP::latency,
     nanoseconds(1)},
    {"--tcp-overhead", "NS", "o of messages over sockets", "5000", &Costs::tcp, &LogGP::overhead,
     nanoseconds(1)},
    {"--tcp-gap", "NS", "g of messages over sockets", "1000", &Costs::tcp, &LogGP::gap, nanoseconds(1)},
    {"--tcp-gap-per-byte", "PS", "G of messages over sockets, in picoseconds", "320", &Costs::tcp,
     &LogGP::gap_per_byte, Time(1)},
}};

/// The options by what they are for. Choices are in the order of the enumerators that they name.
struct Options {
  explicit Options(cli::Command& command)
      : layout(command.add({.name = "--layout",
                            .value_name = "TEXT",
                            .description = "a layout: 'world=1024 tp=8 pp=16'",
                            .is_repeatable = true,
                            .is_required = true})),
        strategy(command.add({.name = "--strategy",
                              .value_name = "NAME",
                              .description = "a strategy to simulate",
                              .choices = {"split", "create-group", "unique-id", "store", "rebuild"},
                              .default_value = "all but rebuild",
                              .is_repeatable = true})),
        arrivals(
            command.add({.name = "--arrivals",
                         .description = "whether ranks wait for each other once or before each call of MPI",
                         .choices = {"once", "each"},
                         .default_value = "once"})),
        polling(command.add({.name = "--polling",
                             .description =
                                 "how ranks wait for messages of the protocols: busy, or with the sleeps "
                                 "of the MPI adapter",
                             .choices = {"busy", "sleeps"},
                             .default_value = "busy"})),
        ranks_per_identifier(command.add({.name = "--ranks-per-identifier",
                                          .value_name = "N",
                                          .description = "ranks that share an ID of NCCL",
                                          .default_value = "128"})),
        store_messages(
            command.add({.name = "--store-messages",
                         .value_name = "N",
                         .description = "messages of the reference that are simulated for each kind",
                         .default_value = "10000000"})),
        late(command.add({.name = "--late",
                          .value_name = "SECONDS",
                          .description = "the delay of the last rank, below the deadline",
                          .default_value = "0"})),
        deadline(command.add({.name = "--deadline",
                              .value_name = "SECONDS",
                              .description = "how long the others wait for the last rank",
                              .default_value = "300"})),
        lost(command.add({.name = "--lost",
                          .value_name = "N",
                          .description = "processes that are lost before a rebuild",
                          .default_value = "1"})),
        known(command.add({.name = "--known",
                           .description = "who knows before a rebuild which processes are lost",
                           .choices = {"all", "nobody"},
                           .default_value = "all"})),
        format(command.add({.name = "--format",
                            .description = "how to print the result",
                            .choices = {"text", "json"},
                            .default_value = "text"})) {
    for (const CostOption& option : cost_options) {
      costs.push_back(&command.add({.name = option.name,
                                    .value_name = option.value_name,
                                    .description = option.description,
                                    .heading = "Network",
                                    .default_value = option.default_value}));
    }
  }

  const cli::Option& layout;
  const cli::Option& strategy;
  const cli::Option& arrivals;
  const cli::Option& polling;
  const cli::Option& ranks_per_identifier;
  const cli::Option& store_messages;
  const cli::Option& late;
  const cli::Option& deadline;
  const cli::Option& lost;
  const cli::Option& known;
  const cli::Option& format;
  std::vector<const cli::Option*> costs{};
};

void read_layouts(const Options& options, Settings& settings, cli::Problems& problems) {
  for (const std::string& text : cli::values_of(options.layout, problems)) {
    ConfigReading reading = read_config(text);
    if (reading.diagnostics.empty()) reading.diagnostics = check(reading.config);
    for (const Diagnostic& diagnostic : reading.diagnostics) {
      problems.push_back("--layout \"" + text + "\": " + diagnostic.message());
    }
    settings.layouts.push_back(reading.config);
  }
}

void read_strategies(const Options& options, Settings& settings, cli::Problems& problems) {
  for (const std::size_t strategy : cli::choices_of(options.strategy, problems)) {
    settings.strategies.push_back(static_cast<Strategy>(strategy));
  }
  if (settings.strategies.empty()) {
    settings.strategies = {Strategy::split, Strategy::create_group, Strategy::unique_id, Strategy::store};
  }
}

void read_late(const Options& options, Settings& settings, cli::Problems& problems) {
  const auto late = cli::number_of(options.late, {.min = 0, .max = 86400}, problems);
  const auto deadline = cli::number_of(options.deadline, {.min = 1, .max = 86400}, problems);
  if (!late || *late == 0) return;
  const std::chrono::seconds timeouts(deadline.value_or(300));
  if (std::chrono::seconds(*late) >= timeouts) {
    problems.push_back("--late: " + std::to_string(*late) + " seconds are not below the deadline of " +
                       std::to_string(timeouts.count()));
  }
  settings.conditions.late = LateRank{.rank = -1, .by = std::chrono::seconds(*late), .deadline = timeouts};
}

void read_conditions(const Options& options, Settings& settings, cli::Problems& problems) {
  Conditions& conditions = settings.conditions;
  conditions.costs = default_costs();
  for (std::size_t i = 0; i < cost_options.size(); ++i) {
    const auto number = cli::number_of(*options.costs[i], {.min = 0, .max = 1'000'000'000}, problems);
    const CostOption& option = cost_options[i];
    if (number) (conditions.costs.*option.network).*option.parameter = option.unit * *number;
  }
  if (const auto index = cli::choice_of(options.arrivals, problems)) {
    conditions.arrivals = static_cast<Arrivals>(*index);
  }
  if (const auto index = cli::choice_of(options.polling, problems)) {
    conditions.polling = static_cast<Polling>(*index);
  }
  if (const auto number = cli::number_of(options.ranks_per_identifier, {.max = 1 << 30}, problems)) {
    conditions.ranks_per_identifier = static_cast<int>(*number);
  }
  if (const auto number = cli::number_of(options.lost, {.max = 1 << 20}, problems)) {
    conditions.lost = static_cast<int>(*number);
    for (const ParallelConfig& layout : settings.layouts) {
      if (layout.world_size > *number) continue;
      problems.push_back("--lost: " + std::to_string(*number) + " of " + std::to_string(layout.world_size) +
                         " ranks cannot be lost");
    }
  }
  if (const auto index = cli::choice_of(options.known, problems)) {
    conditions.known = static_cast<Known>(*index);
  }
  if (const auto number = cli::number_of(options.store_messages, {}, problems)) {
    conditions.store_messages = *number;
  }
}

}  // namespace

Costs default_costs() {
  return {.mpi = {.latency = nanoseconds(2500),
                  .overhead = nanoseconds(1500),
                  .gap = nanoseconds(1000),
                  .gap_per_byte = Time(40)},
          .tcp = {.latency = nanoseconds(15000),
                  .overhead = nanoseconds(5000),
                  .gap = nanoseconds(1000),
                  .gap_per_byte = Time(320)}};
}

Reading read_command_line(std::span<const std::string> args) {
  cli::Program program(
      {.name = "rankmesh_simulate",
       .summary = "Simulates the bring-up of a job on a LogGP network",
       .description =
           "The agreement, arrivals and exchange of the library run as they are; each call of MPI and NCCL "
           "between them is replaced by the messages that it takes. The strategy store simulates the "
           "reference, where every rank asks a store for every group. docs/simulation.md describes the "
           "simulation.",
       .examples = {"rankmesh_simulate --layout 'world=1024 tp=8 pp=16'"},
       .exit_status = "0 for success, 2 for a bad command line, 1 for any other error."});
  const Options options(program);
  const cli::Parsed parsed = cli::parse(program, args);
  if (parsed.answer) return {.exit_code = 0, .out = *parsed.answer};

  Reading result;
  cli::Problems problems = parsed.problems;
  read_layouts(options, result.settings, problems);
  read_strategies(options, result.settings, problems);
  read_conditions(options, result.settings, problems);
  read_late(options, result.settings, problems);
  if (const auto index = cli::choice_of(options.format, problems)) {
    result.settings.format = static_cast<Format>(*index);
  }
  if (problems.empty()) return result;
  result.exit_code = exit_bad_input;
  for (const std::string& problem : problems) result.err += "rankmesh_simulate: " + problem + "\n";
  return result;
}

}  // namespace rankmesh::simulate
