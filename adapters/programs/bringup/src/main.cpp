// rankmesh-bringup: creates the communicators of every group of every kind, proves that each is right and
// prints a report. See --help.

#include <mpi.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend.hpp"
#include "command_line.hpp"
#include "exit_code.hpp"
#include "job_abort.hpp"
#include "part_times.hpp"
#include "proof_runner.hpp"
#include "rankmesh/bringup/world.hpp"
#include "rankmesh/nccl/error.hpp"

namespace {

using namespace rankmesh;
using namespace rankmesh::bringup;

/// Makes all ranks exit with the same code if the command line of any rank says so. The lowest such rank
/// prints.
std::optional<int> common_exit_code(const World& world, const CommandLine& command_line) {
  const int none = world.size;
  int first = command_line.exit_code ? world.rank : none;
  MPI_Allreduce(MPI_IN_PLACE, &first, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
  if (first == none) return std::nullopt;
  if (first == world.rank) {
    std::fputs(command_line.out.c_str(), stdout);
    std::fputs(command_line.err.c_str(), stderr);
  }
  int code = command_line.exit_code.value_or(exit_success);
  MPI_Allreduce(MPI_IN_PLACE, &code, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  return code;
}

std::unique_ptr<JobCommunicators> create_communicators(const Settings& settings,
                                                       const mpi::Options& options) {
  if (settings.backend == Backend::mpi) return bring_up_with_mpi(settings.config, options);
  nccl::Options with_nccl = settings.nccl;
  with_nccl.bring_up = options;
  return bring_up_with_nccl(settings.config, with_nccl);
}

/// The report before the proofs.
Report begin_report(const Settings& settings, const JobCommunicators& communicators, const PartTimes& times) {
  Report report{.config = settings.config, .backend = communicators.describe()};
  const CommunicatorPlan& plan = communicators.plan();
  for (const PlanStep& step : plan.steps()) report.communicators_made += step.group_count;
  for (const KindFamily& kind : plan.topology().kinds()) {
    KindReport own{
        .kind = kind.kind, .group_count = kind.family.group_count(), .group_size = kind.family.group_size()};
    if (const auto step = plan.kind(kind.kind).step) own.made_by = plan.steps()[*step].kind;
    if (own.made_by == kind.kind) own.milliseconds = times.of(kind.kind.name());
    report.kinds.push_back(std::move(own));
  }
  for (const PartTimes::Part& part : times.parts()) {
    const bool is_kind = std::any_of(report.kinds.begin(), report.kinds.end(),
                                     [&](const KindReport& kind) { return kind.kind.name() == part.name; });
    if (!is_kind) report.parts.push_back({part.name, part.milliseconds});
  }
  report.total_milliseconds = times.total();
  return report;
}

bool is_proven(const KindReport& kind) {
  return kind.members == ProofResult::proven && kind.order == ProofResult::proven;
}

/// Proves the communicators and prints the report. Aborts the job if that fails, because other ranks may
/// still wait in a communicator.
int prove(const World& world, const Settings& settings, JobCommunicators& communicators, PartTimes& times,
          const mpi::Options& options) {
  try {
    ProofRunner proofs(world, communicators, options.timeouts, options.on_stuck);
    proofs.watch("MPI_Allreduce", [&] { times.reduce(); });
    Report report = begin_report(settings, communicators, times);
    report.failures = proofs.run(report.kinds);
    if (world.rank == 0) {
      const std::string text = settings.as_json ? to_json(report) : to_text(report);
      std::fputs(text.c_str(), stdout);
      std::fflush(stdout);
    }
    if (proofs.was_aborted()) abort_job(world, RankSet::first_ranks(world.size), "");
    proofs.watch("close", [&] { communicators.close(); });
    return std::all_of(report.kinds.begin(), report.kinds.end(), is_proven) ? exit_success : exit_failure;
  } catch (const DeadlineError& error) {
    abort_job(world, error);
  } catch (const std::exception& error) {
    abort_job(world, error);
  }
}

/// Creates the communicators, proves them and prints the report.
int bring_up(const World& world, const Settings& settings) {
  PartTimes times;
  mpi::Options options;
  options.timeouts.deadline = settings.deadline;
  options.on_progress = [&](const Progress& progress) {
    times.add(progress);
    if (settings.shows_progress && world.rank == 0) print(progress);
  };
  options.on_stuck = [&](const mpi::StuckCall& stuck) { abort_job(world, stuck); };
  const std::unique_ptr<JobCommunicators> communicators = create_communicators(settings, options);
  return prove(world, settings, *communicators, times, options);
}

/// Ends a bring-up with an error that all ranks have. Rank 0 prints it.
int report_common_error(const World& world, const Error& error, ExitCode code) {
  if (world.rank == 0) print_error(error.what());
  return code;
}

int run(int argc, char** argv) {
  const World world;
  const std::vector<std::string> args(argv + 1, argv + argc);
  const CommandLine command_line = read_command_line(args, world.size);
  if (const auto code = common_exit_code(world, command_line)) return *code;
  try {
    return bring_up(world, command_line.settings);
  } catch (const DeadlineError& error) {
    abort_job(world, error);
  } catch (const BringUpError& error) {
    report_unused_identifiers(world, error);
    return report_common_error(world, error, exit_failure);
  } catch (const DisagreementError& error) {
    return report_common_error(world, error, exit_failure);
  } catch (const ConfigError& error) {
    return report_common_error(world, error, exit_bad_input);
  } catch (const RangeError& error) {
    // Thrown for NCCL options of kinds that the topology does not have.
    return report_common_error(world, error, exit_bad_input);
  } catch (const nccl::OptionsError& error) {
    return report_common_error(world, error, exit_bad_input);
  } catch (const std::exception& error) {
    abort_job(world, error);
  }
}

}  // namespace

int main(int argc, char** argv) {
  int provided = MPI_THREAD_SINGLE;
  // The watchdog needs MPI_THREAD_MULTIPLE to find out which ranks do not answer.
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
  const int code = run(argc, argv);
  MPI_Finalize();
  return code;
}
