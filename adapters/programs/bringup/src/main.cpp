// rankmesh-bringup: brings up a communicator for every group of every kind, proves each one right and prints
// what was made. See --help.

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
#include "ending.hpp"
#include "exit_code.hpp"
#include "proofs.hpp"
#include "rankmesh/nccl/error.hpp"
#include "times.hpp"
#include "world.hpp"

namespace {

using namespace rankmesh;
using namespace rankmesh::bringup;

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
  int code = reading.exit_code.value_or(exit_fine);
  MPI_Allreduce(MPI_IN_PLACE, &code, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  return code;
}

std::unique_ptr<Groups> make_groups(const Settings& settings, const mpi::Options& options) {
  if (settings.backend == Backend::mpi) return bring_up_with_mpi(settings.config, options);
  nccl::Options with_nccl = settings.nccl;
  with_nccl.bring_up = options;
  return bring_up_with_nccl(settings.config, with_nccl);
}

/// What is known of a job before anything is proven.
Report begin_report(const Settings& settings, const Groups& groups, const Times& times) {
  Report report{.config = settings.config, .backend = groups.describe()};
  const CommunicatorPlan& plan = groups.plan();
  for (const PlanStep& step : plan.steps()) report.communicators_made += step.group_count;
  for (const KindFamily& kind : plan.topology().kinds()) {
    KindReport own{
        .kind = kind.kind, .group_count = kind.family.group_count(), .group_size = kind.family.group_size()};
    if (const auto step = plan.kind(kind.kind).step) own.made_by = plan.steps()[*step].kind;
    if (own.made_by == kind.kind) own.milliseconds = times.of(kind.kind.name());
    report.kinds.push_back(std::move(own));
  }
  for (const Times::Part& part : times.parts()) {
    const bool is_kind = std::any_of(report.kinds.begin(), report.kinds.end(),
                                     [&](const KindReport& kind) { return kind.kind.name() == part.name; });
    if (!is_kind) report.parts.push_back({part.name, part.milliseconds});
  }
  report.total_milliseconds = times.total();
  return report;
}

bool is_proven(const KindReport& kind) {
  return kind.members == Proof::proven && kind.order == Proof::proven;
}

/// Proves and prints. Ends the job where that fails, before communicators are destroyed that others wait in.
int prove(const World& world, const Settings& settings, Groups& groups, Times& times,
          const mpi::Options& options) {
  try {
    Proofs proofs(world, groups, options.timeouts, options.on_stuck);
    proofs.watch("MPI_Allreduce", [&] { times.reduce(); });
    Report report = begin_report(settings, groups, times);
    report.failures = proofs.run(report.kinds);
    if (world.rank == 0) {
      const std::string text = settings.as_json ? to_json(report) : to_text(report);
      std::fputs(text.c_str(), stdout);
      std::fflush(stdout);
    }
    if (proofs.is_broken_off()) end_job(world, RankSet::first_ranks(world.size), "");
    proofs.watch("close", [&] { groups.close(); });
    return std::all_of(report.kinds.begin(), report.kinds.end(), is_proven) ? exit_fine : exit_failed;
  } catch (const DeadlineError& error) {
    end_job(world, error);
  } catch (const std::exception& error) {
    end_job(world, error);
  }
}

/// Brings up, proves and prints.
int bring_up(const World& world, const Settings& settings) {
  Times times;
  mpi::Options options;
  options.timeouts.deadline = settings.deadline;
  options.on_progress = [&](const Progress& progress) {
    times.add(progress);
    if (settings.shows_progress && world.rank == 0) print(progress);
  };
  options.on_stuck = [&](const mpi::StuckCall& stuck) { end_job(world, stuck); };
  const std::unique_ptr<Groups> groups = make_groups(settings, options);
  return prove(world, settings, *groups, times, options);
}

/// Ends a bring-up with an error that every rank has: one of them prints.
int end_alike(const World& world, const Error& error, ExitCode code) {
  if (world.rank == 0) complain(error.what());
  return code;
}

int run(int argc, char** argv) {
  const World world;
  const std::vector<std::string> args(argv + 1, argv + argc);
  const Reading reading = read_command_line(args, world.size);
  if (const auto code = common_exit(world, reading)) return *code;
  try {
    return bring_up(world, reading.settings);
  } catch (const DeadlineError& error) {
    end_job(world, error);
  } catch (const BringUpError& error) {
    note_abandoned_identifiers(world, error);
    return end_alike(world, error, exit_failed);
  } catch (const DisagreementError& error) {
    return end_alike(world, error, exit_failed);
  } catch (const ConfigError& error) {
    return end_alike(world, error, exit_bad_input);
  } catch (const RangeError& error) {
    // Options of kinds that the topology does not have.
    return end_alike(world, error, exit_bad_input);
  } catch (const nccl::OptionsError& error) {
    return end_alike(world, error, exit_bad_input);
  } catch (const std::exception& error) {
    end_job(world, error);
  }
}

}  // namespace

int main(int argc, char** argv) {
  int provided = MPI_THREAD_SINGLE;
  // So that ranks that are stuck can ask who is silent.
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
  const int code = run(argc, argv);
  MPI_Finalize();
  return code;
}
