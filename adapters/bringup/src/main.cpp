// rankmesh-bringup: brings up a communicator for every group of every kind over MPI, proves each one right
// and prints what was made. See --help.

#include <mpi.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "rankmesh/bringup/proof.hpp"
#include "rankmesh/bringup/report.hpp"
#include "rankmesh/cli/config_options.hpp"
#include "rankmesh/cli/options.hpp"
#include "rankmesh/mpi.hpp"

namespace {

using namespace rankmesh;

constexpr int exit_failed = 1;
constexpr int exit_bad_input = 2;

/// What the command line says.
struct Settings {
  ParallelConfig config;
  bool as_json = false;
  std::chrono::seconds deadline = std::chrono::minutes(5);
};

/// What became of reading the command line on this rank.
struct Reading {
  Settings settings;
  /// Nothing where the job can go on.
  std::optional<int> exit_code{};
  std::string out{};
  std::string err{};
};

Reading read_command_line(std::span<const std::string> args, int world_size) {
  constexpr std::array<std::string_view, 2> formats{"text", "json"};
  CLI::App app(
      "Brings up one MPI communicator for every group of every kind, proves each one right by communicating "
      "in it, and "
      "prints what was made.\n\nStart it with as many processes as the layout has ranks:\n  mpiexec -n 16 "
      "rankmesh-bringup --tp 2 --pp 4 --fp8",
      "rankmesh-bringup");
  const cli::ConfigOptions config_options(app);
  const CLI::Option* format = cli::add_value(
      app,
      {.name = "--format", .value_name = "text|json", .description = "How rank 0 prints the result (text)"});
  const CLI::Option* deadline = cli::add_value(
      app, {.name = "--deadline",
            .value_name = "SECONDS",
            .description = "How long to wait for all ranks before naming those that are missing (300)"});
  cli::set_help_style(app);
  const cli::Parsed parsed = cli::parse(app, args);
  Reading result;
  if (parsed.answer) {
    result.exit_code = 0;
    result.out = *parsed.answer;
    return result;
  }
  cli::Problems problems = parsed.problems;
  const ConfigReading config = config_options.read(world_size);
  for (const Violation& violation : config.violations) problems.push_back(cli::option_message(violation));
  result.settings.config = config.config;
  result.settings.as_json = cli::choice_of(*format, formats, problems) == std::size_t{1};
  if (const auto seconds = cli::number_of(*deadline, {.min = 1, .max = 86400}, problems)) {
    result.settings.deadline = std::chrono::seconds(*seconds);
  }
  if (problems.empty()) return result;
  result.exit_code = exit_bad_input;
  for (const std::string& problem : problems) result.err += "rankmesh-bringup: " + problem + "\n";
  return result;
}

struct World {
  int rank = 0;
  int size = 1;

  World() {
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
  }
};

/// The times of a bring-up on this rank, in milliseconds: agreement, duplicate, then the steps of the plan.
using Times = std::vector<double>;

/// Ends all ranks alike where one of them cannot go on: the first such rank prints.
std::optional<int> common_exit(const World& world, const Reading& reading) {
  const int none = world.size;
  int first = reading.exit_code ? world.rank : none;
  MPI_Allreduce(MPI_IN_PLACE, &first, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
  if (first == none) return std::nullopt;
  if (first == world.rank) {
    std::fputs(reading.out.c_str(), stdout);
    std::fputs(reading.err.c_str(), stderr);
  }
  int code = reading.exit_code.value_or(0);
  MPI_Allreduce(MPI_IN_PLACE, &code, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  return code;
}

/// The failures of all ranks, on rank 0.
std::vector<std::string> gather_failures(const World& world, const std::string& own) {
  int length = static_cast<int>(own.size());
  std::vector<int> lengths(static_cast<std::size_t>(world.size));
  MPI_Gather(&length, 1, MPI_INT, lengths.data(), 1, MPI_INT, 0, MPI_COMM_WORLD);
  std::vector<int> offsets(lengths.size());
  for (std::size_t i = 1; i < lengths.size(); ++i) offsets[i] = offsets[i - 1] + lengths[i - 1];
  std::string all(static_cast<std::size_t>(offsets.back() + lengths.back()), ' ');
  MPI_Gatherv(own.data(), length, MPI_CHAR, all.data(), lengths.data(), offsets.data(), MPI_CHAR, 0,
              MPI_COMM_WORLD);
  std::vector<std::string> result;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    if (lengths[i] > 0)
      result.push_back(
          all.substr(static_cast<std::size_t>(offsets[i]), static_cast<std::size_t>(lengths[i])));
  }
  return result;
}

/// Whether something holds on every rank.
bool holds_everywhere(bool here) {
  int value = here ? 1 : 0;
  MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
  return value != 0;
}

/// Proves one kind on all ranks.
bringup::KindReport prove(const World& world, const mpi::Communicators& groups, const KindFamily& kind,
                          std::vector<std::string>& failures) {
  const PlannedKind& planned = groups.plan().kind(kind.kind);
  bringup::KindReport report{
      .kind = kind.kind, .group_count = kind.family.group_count(), .group_size = kind.family.group_size()};
  if (planned.step) report.made_by = groups.plan().steps()[*planned.step].kind;

  const auto mine = groups.at(kind.kind);
  const std::string wrong_members = bringup::prove_membership(kind.family, mine, world.rank);
  const std::string wrong_order = bringup::prove_order(kind.family, mine, world.rank);
  report.members_proven = holds_everywhere(wrong_members.empty());
  report.order_proven = holds_everywhere(wrong_order.empty());
  for (const std::string& own : {wrong_members, wrong_order}) {
    for (std::string& failure : gather_failures(world, own)) failures.push_back(std::move(failure));
  }
  return report;
}

/// Brings up, proves and prints.
int bring_up(const World& world, const Settings& settings) {
  Times times;
  mpi::Options options;
  options.agreement.deadline = settings.deadline;
  options.on_progress = [&](const mpi::Progress& progress) {
    times.push_back(std::chrono::duration<double, std::milli>(progress.elapsed).count());
  };
  mpi::Communicators groups(MPI_COMM_WORLD, settings.config, options);
  MPI_Allreduce(MPI_IN_PLACE, times.data(), static_cast<int>(times.size()), MPI_DOUBLE, MPI_MAX,
                MPI_COMM_WORLD);

  bringup::Report report{.config = settings.config};
  report.agreement_milliseconds = times.at(0);
  report.duplicate_milliseconds = times.at(1);
  for (const double time : times) report.total_milliseconds += time;
  for (const PlanStep& step : groups.plan().steps()) report.communicators_made += step.group_count;
  for (const KindFamily& kind : groups.topology().kinds()) {
    bringup::KindReport kind_report = prove(world, groups, kind, report.failures);
    if (kind_report.made_by == kind.kind)
      kind_report.milliseconds = times.at(2 + *groups.plan().kind(kind.kind).step);
    report.kinds.push_back(std::move(kind_report));
  }
  if (world.rank == 0) {
    const std::string text = settings.as_json ? to_json(report) : to_text(report);
    std::fputs(text.c_str(), stdout);
  }
  const bool failed_here = std::any_of(report.kinds.begin(), report.kinds.end(), [](const auto& kind) {
    return !kind.members_proven || !kind.order_proven;
  });
  groups.close();
  return failed_here ? exit_failed : 0;
}

/// After a missed deadline no collective call may follow, MPI_Finalize included: some rank would wait for
/// ever.
[[noreturn]] void abort_job(const World& world, const DeadlineError& error) {
  const bool first_here = error.details().missing.complement(world.size).contains(world.rank) &&
                          (world.rank == 0 || error.details().missing.contains(world.rank - 1));
  if (first_here) {
    std::fprintf(stderr, "rankmesh-bringup: %s\n", error.what());
    std::fflush(stderr);
  } else {
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  MPI_Abort(MPI_COMM_WORLD, exit_failed);
  std::abort();
}

int run(int argc, char** argv) {
  const World world;
  const std::vector<std::string> args(argv + 1, argv + argc);
  const Reading reading = read_command_line(args, world.size);
  if (const auto code = common_exit(world, reading)) return *code;
  try {
    return bring_up(world, reading.settings);
  } catch (const DeadlineError& error) {
    abort_job(world, error);
  } catch (const Error& error) {
    // The same on every rank: one of them prints.
    if (world.rank == 0) std::fprintf(stderr, "rankmesh-bringup: %s\n", error.what());
    return dynamic_cast<const ConfigError*>(&error) != nullptr ? exit_bad_input : exit_failed;
  }
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  const int code = run(argc, argv);
  MPI_Finalize();
  return code;
}
