#include "settings.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <array>
#include <string_view>

#include "rankmesh/options/options.hpp"
#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/error.hpp"

namespace rankmesh::simulate {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr int exit_bad_input = 2;

constexpr const char* description =
    "Simulates the bring-up of a job on a LogGP network: the agreement, arrivals and exchange of the library "
    "as they are, the calls of MPI and NCCL between them as the messages they take, and beside it the way of "
    "the reference, where every rank asks a store for every group. docs/simulation.md says what is "
    "simulated.\n\n"
    "  rankmesh_simulate --layout \"world=1024 tp=8 pp=16\"\n\n"
    "Exit codes: 0 all simulated, 2 bad command line, 1 anything else.";

constexpr std::array<std::string_view, 4> strategies = {"split", "create-group", "unique-id", "store"};
constexpr std::array<std::string_view, 2> arrivals = {"once", "each"};
constexpr std::array<std::string_view, 2> pollings = {"busy", "sleeps"};
constexpr std::array<std::string_view, 2> formats = {"text", "json"};

/// The options that set one of the costs.
struct CostOption {
  const char* name;
  const char* value_name;
  const char* description;
  LogGP Costs::*network;
  Time LogGP::*parameter;
  Time unit;
};

constexpr std::array<CostOption, 8> cost_options = {{
    {"--latency", "NS", "L of MPI messages, in nanoseconds (2500)", &Costs::mpi, &LogGP::latency,
     nanoseconds(1)},
    {"--overhead", "NS", "o of MPI messages (1500)", &Costs::mpi, &LogGP::overhead, nanoseconds(1)},
    {"--gap", "NS", "g of MPI messages (1000)", &Costs::mpi, &LogGP::gap, nanoseconds(1)},
    {"--gap-per-byte", "PS", "G of MPI messages, in picoseconds (40)", &Costs::mpi, &LogGP::gap_per_byte,
     Time(1)},
    {"--tcp-latency", "NS", "L of messages over sockets (15000)", &Costs::tcp, &LogGP::latency,
     nanoseconds(1)},
    {"--tcp-overhead", "NS", "o of messages over sockets (5000)", &Costs::tcp, &LogGP::overhead,
     nanoseconds(1)},
    {"--tcp-gap", "NS", "g of messages over sockets (1000)", &Costs::tcp, &LogGP::gap, nanoseconds(1)},
    {"--tcp-gap-per-byte", "PS", "G of messages over sockets, in picoseconds (320)", &Costs::tcp,
     &LogGP::gap_per_byte, Time(1)},
}};

/// The options by what they are for.
struct Options {
  explicit Options(CLI::App& app)
      : layout(cli::add_value(app, {.name = "--layout",
                                    .value_name = "TEXT",
                                    .description = "A layout, as world=1024 tp=8 pp=16; may be repeated"})),
        strategy(
            cli::add_value(app, {.name = "--strategy",
                                 .value_name = "NAME",
                                 .description = "split, create-group, unique-id or store; may be repeated "
                                                "(all)"})),
        arrivals(cli::add_value(
            app,
            {.name = "--arrivals",
             .value_name = "once|each",
             .description = "Whether ranks wait for each other once or before each call of MPI (once)"})),
        polling(
            cli::add_value(app, {.name = "--polling",
                                 .value_name = "busy|sleeps",
                                 .description = "How ranks wait for messages of the protocols: busy, or with "
                                                "the sleeps of the MPI adapter (busy)"})),
        ranks_per_identifier(cli::add_value(app, {.name = "--ranks-per-identifier",
                                                  .value_name = "N",
                                                  .description = "Ranks that share an ID of NCCL (128)"})),
        store_messages(cli::add_value(
            app,
            {.name = "--store-messages",
             .value_name = "N",
             .description = "Messages of the reference way that are simulated for each kind (10000000)"})),
        late(cli::add_value(app, {.name = "--late",
                                  .value_name = "SECONDS",
                                  .description = "How late the last rank comes, below the deadline (0)"})),
        deadline(cli::add_value(app, {.name = "--deadline",
                                      .value_name = "SECONDS",
                                      .description = "How long the others wait for it (300)"})),
        format(cli::add_value(
            app, {.name = "--format", .value_name = "text|json", .description = "How to print (text)"})) {
    for (const CostOption& option : cost_options) {
      costs.push_back(cli::add_value(app, {.name = option.name,
                                           .value_name = option.value_name,
                                           .description = option.description,
                                           .group = "Network"}));
    }
  }

  CLI::Option* layout;
  CLI::Option* strategy;
  CLI::Option* arrivals;
  CLI::Option* polling;
  CLI::Option* ranks_per_identifier;
  CLI::Option* store_messages;
  CLI::Option* late;
  CLI::Option* deadline;
  CLI::Option* format;
  std::vector<CLI::Option*> costs{};
};

void read_layouts(const Options& options, Settings& settings, cli::Problems& problems) {
  for (const std::string& text : cli::values_of(*options.layout, problems)) {
    ConfigReading reading = read_config(text);
    if (reading.diagnostics.empty()) reading.diagnostics = check(reading.config);
    for (const Diagnostic& diagnostic : reading.diagnostics) {
      problems.push_back("--layout \"" + text + "\": " + diagnostic.message());
    }
    settings.layouts.push_back(reading.config);
  }
  if (settings.layouts.empty() && problems.empty()) problems.emplace_back("--layout is required");
}

void read_strategies(const Options& options, Settings& settings, cli::Problems& problems) {
  for (const std::string& text : cli::values_of(*options.strategy, problems)) {
    const auto* const found = std::find(strategies.begin(), strategies.end(), text);
    if (found == strategies.end()) {
      problems.push_back("--strategy: \"" + text + "\" is none of split, create-group, unique-id, store");
    } else {
      settings.strategies.push_back(static_cast<Strategy>(found - strategies.begin()));
    }
  }
  if (settings.strategies.empty()) {
    settings.strategies = {Strategy::split, Strategy::create_group, Strategy::unique_id, Strategy::store};
  }
}

void read_late(const Options& options, Settings& settings, cli::Problems& problems) {
  const auto late = cli::number_of(*options.late, {.min = 0, .max = 86400}, problems);
  const auto deadline = cli::number_of(*options.deadline, {.min = 1, .max = 86400}, problems);
  if (!late || *late == 0) return;
  const seconds timeouts(deadline.value_or(300));
  if (seconds(*late) >= timeouts) {
    problems.push_back("--late: " + std::to_string(*late) + " seconds are not below the deadline of " +
                       std::to_string(timeouts.count()));
  }
  settings.conditions.late = LateRank{.rank = -1, .by = seconds(*late), .deadline = timeouts};
}

void read_conditions(const Options& options, Settings& settings, cli::Problems& problems) {
  Conditions& conditions = settings.conditions;
  conditions.costs = default_costs();
  for (std::size_t i = 0; i < cost_options.size(); ++i) {
    const auto number = cli::number_of(*options.costs[i], {.min = 0, .max = 1'000'000'000}, problems);
    const CostOption& option = cost_options[i];
    if (number) (conditions.costs.*option.network).*option.parameter = option.unit * *number;
  }
  if (const auto index = cli::choice_of(*options.arrivals, arrivals, problems)) {
    conditions.arrivals = static_cast<Arrivals>(*index);
  }
  if (const auto index = cli::choice_of(*options.polling, pollings, problems)) {
    conditions.polling = static_cast<Polling>(*index);
  }
  if (const auto number = cli::number_of(*options.ranks_per_identifier, {.max = 1 << 30}, problems)) {
    conditions.ranks_per_identifier = static_cast<int>(*number);
  }
  if (const auto number = cli::number_of(*options.store_messages, {}, problems)) {
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
  CLI::App app(description, "rankmesh_simulate");
  const Options options(app);
  cli::set_help_style(app);
  const cli::Parsed parsed = cli::parse(app, args);
  if (parsed.answer) return {.exit_code = 0, .out = *parsed.answer};

  Reading result;
  cli::Problems problems = parsed.problems;
  read_layouts(options, result.settings, problems);
  read_strategies(options, result.settings, problems);
  read_conditions(options, result.settings, problems);
  read_late(options, result.settings, problems);
  if (const auto index = cli::choice_of(*options.format, formats, problems)) {
    result.settings.format = static_cast<Format>(*index);
  }
  if (problems.empty()) return result;
  result.exit_code = exit_bad_input;
  for (const std::string& problem : problems) result.err += "rankmesh_simulate: " + problem + "\n";
  return result;
}

}  // namespace rankmesh::simulate
