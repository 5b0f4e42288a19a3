// rankmesh-bringup: creates the communicators of every group of every kind, proves that each is right and
// prints a report. See --help.
//
// Each wait for other ranks is bounded by --deadline. In the order of execution:
//
// - read_together, agree_on_exit: agreements. They need no collective call of MPI, so any rank may be silent.
// - place_if_asked: agreements, and a call under the watchdog of the library.
// - create_communicators: the agreements and the watchdog of the library.
// - find_job_hosts: agreements.
// - PartTimes::reduce, close: a call under a watchdog, after all ranks have arrived.
// - ProofRunner::run: an agreement that runs beside the proof; then World::all and gather_texts under the
//   watchdog, since all ranks have arrived.
// - ProofRunner::end: an agreement.
// - agree_on_exit: an agreement, in which all ranks arrive at the end.
// - finalize: MPI_Finalize, beside a thread that ends the process.
//
// With --kill-rank, run_with_deaths takes the place of all after agree_on_exit.
//
// After a missed deadline a rank calls abort_job, and no collective function of MPI.

#include <mpi.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "backend.hpp"
#include "command_line.hpp"
#include "common_exit.hpp"
#include "exit_code.hpp"
#include "job_abort.hpp"
#include "job_hosts.hpp"
#include "part_times.hpp"
#include "proof_runner.hpp"
#include "rankmesh/bringup/world.hpp"
#include "rankmesh/comm/agreement_session.hpp"
#include "rankmesh/mpi/transport.hpp"
#include "rankmesh/nccl/error.hpp"
#include "rebuild_run.hpp"
#include "standard_streams.hpp"

namespace {

using namespace rankmesh;
using namespace rankmesh::bringup;

std::unique_ptr<JobCommunicators> create_communicators(const World& world, const Settings& settings,
                                                       const mpi::Options& options) {
  if (settings.backend == Backend::mpi) {
    return bring_up_with_mpi(world.communicator, settings.config, options);
  }
  nccl::Options with_nccl = settings.nccl;
  with_nccl.bring_up = options;
  return bring_up_with_nccl(world.communicator, settings.config, with_nccl);
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
int prove(const World& world, const Settings& settings, const std::optional<mpi::Placed>& placed,
          JobCommunicators& communicators, PartTimes& times, const mpi::Options& options) {
  try {
    const JobHosts hosts = find_job_hosts(world.communicator, options);
    ProofRunner proofs(world, communicators, options.timeouts, options.on_stuck);
    proofs.run_together("times", "MPI_Allreduce", [&] { times.reduce(); });
    Report report = begin_report(settings, communicators, times);
    report.failures = proofs.run(report.kinds);
    ExitCode code = exit_success;
    if (world.rank == 0) {
      report_hosts(communicators.plan().topology(), hosts, placed, report);
      code = write_to_stdout(settings.as_json ? to_json(report) : to_text(report));
    }
    if (proofs.was_aborted()) abort_job(world, RankSet::first_ranks(world.size), "");
    proofs.run_together("close", "MPI_Comm_free", [&] { communicators.close(); });
    proofs.end();
    const bool all_proven = std::all_of(report.kinds.begin(), report.kinds.end(), is_proven);
    return all_proven ? code : exit_failure;
  } catch (const DeadlineError& error) {
    abort_job(world, error);
  } catch (const std::exception& error) {
    abort_job(world, error);
  }
}

/// Creates the communicators, proves them and prints the report.
int bring_up(const World& job, const Settings& settings) {
  if (!settings.kill_ranks.empty()) run_with_deaths(job, settings);
  PartTimes times;
  mpi::Options options;
  options.timeouts.deadline = settings.deadline;
  options.host = host_of_process(settings);
  options.on_stuck = [&](const mpi::StuckCall& stuck) { abort_job(job, stuck); };
  const std::optional<mpi::Placed> placed = place_if_asked(settings, options);
  const World world(placed ? placed->communicator.native() : MPI_COMM_WORLD);
  options.on_progress = [&](const Progress& progress) {
    times.add(progress);
    if (settings.shows_progress && world.rank == 0) print(progress);
  };
  options.on_stuck = [&](const mpi::StuckCall& stuck) { abort_job(world, stuck); };
  const std::unique_ptr<JobCommunicators> communicators = create_communicators(world, settings, options);
  return prove(world, settings, placed, *communicators, times, options);
}

/// Ends a bring-up with an error that all ranks have. Rank 0 prints it.
int report_common_error(const World& world, const Error& error, ExitCode code) {
  if (world.rank == 0) print_error(error.what());
  return code;
}

/// Creates the communicators, proves them, and prints the report or the error that all ranks have.
int run_job(const World& world, const Settings& settings) {
  try {
    return bring_up(world, settings);
  } catch (const BringUpError& error) {
    report_unused_identifiers(world, error);
    return report_common_error(world, error, exit_failure);
  } catch (const DisagreementError& error) {
    return report_common_error(world, error, exit_failure);
  } catch (const HostError& error) {
    return report_common_error(world, error, exit_failure);
  } catch (const ConfigError& error) {
    return report_common_error(world, error, exit_bad_input);
  } catch (const RangeError& error) {
    // Thrown for NCCL options of kinds that the topology does not have.
    return report_common_error(world, error, exit_bad_input);
  } catch (const nccl::OptionsError& error) {
    return report_common_error(world, error, exit_bad_input);
  }
}

/// Reads the command lines of all ranks. Prints the output of the lowest rank that is to exit, if any.
/// @return the settings, or the exit code of this rank
std::variant<Settings, int> read_settings(const World& world, std::span<const std::string> args,
                                          Timeouts timeouts) {
  mpi::MpiTransport transport(MPI_COMM_WORLD);
  AgreementSession session(transport, timeouts);
  CommandLine line = read_together(world, session, args);
  const std::string deadline = std::to_string(line.settings.deadline.count());
  try {
    const auto common =
        agree_on_exit(session, line.exit_code,
                      {{"--deadline", deadline}, {"--place", line.settings.places ? "true" : "false"}});
    if (!common) return std::move(line.settings);
    if (common->first_rank != world.rank) return common->code;
    if (!line.err.empty()) print_error(line.err);
    return std::max<int>(common->code, write_to_stdout(line.out));
  } catch (const DisagreementError& error) {
    return report_common_error(world, error, exit_failure);
  }
}

/// Waits for all ranks at the end of the job. Returns the largest exit code.
int leave_together(int code, Timeouts timeouts) {
  mpi::MpiTransport transport(MPI_COMM_WORLD);
  AgreementSession session(transport, timeouts);
  return agree_on_exit(session, code)->code;
}

int run(const World& world, std::span<const std::string> args, Timeouts timeouts) {
  try {
    const auto settings = read_settings(world, args, timeouts);
    const int* bad = std::get_if<int>(&settings);
    return leave_together(bad != nullptr ? *bad : run_job(world, std::get<Settings>(settings)), timeouts);
  } catch (const DeadlineError& error) {
    abort_job(world, error);
  } catch (const std::exception& error) {
    abort_job(world, error);
  }
}

}  // namespace

int main(int argc, char** argv) {
  protect_standard_streams();
  int provided = MPI_THREAD_SINGLE;
  // The watchdog needs MPI_THREAD_MULTIPLE to find out which ranks do not answer.
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
  // So that a failed call is an exception, which names the call and the rank.
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  const World world;
  const std::vector<std::string> args(argv + 1, argv + argc);
  const auto deadline = read_deadline(args);
  const int code = run(world, args, {.deadline = deadline});
  finalize(world, deadline);
  return code;
}
