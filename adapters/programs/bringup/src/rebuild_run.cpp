#include "rebuild_run.hpp"

#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "exit_code.hpp"
#include "job_abort.hpp"
#include "rankmesh/bringup/mpi_operations.hpp"
#include "rankmesh/bringup/proof.hpp"
#include "rankmesh/mpi/error.hpp"
#include "rankmesh/mpi/job.hpp"
#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/text.hpp"
#include "standard_streams.hpp"

namespace rankmesh::bringup {
namespace {

using Clock = std::chrono::steady_clock;

/// A process that does not answer for so long is lost.
constexpr Timeouts until_lost{.deadline = std::chrono::seconds(5), .grace = std::chrono::seconds(1)};

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// What rank 0 reports of one generation.
struct GenerationReport {
  int number = 0;
  std::size_t ranks = 0;
  std::size_t spares = 0;
  RankSet lost{};
  /// The bring-up or the rebuild, and the proofs: the longest time of all ranks.
  double milliseconds = 0;
  double proof_milliseconds = 0;
  /// Whether a proof has failed on any rank.
  bool has_failed = false;
};

/// Ends a wait at the deadline: a process may die at any moment.
/// @param what what did not end then
WhileWaiting until_deadline(std::chrono::nanoseconds limit, const char* what) {
  return [until = Clock::now() + limit, what] {
    if (Clock::now() >= until)
      throw std::runtime_error(std::string(what) + " did not end within the deadline");
    std::this_thread::yield();
  };
}

/// The largest values of all ranks of a communicator.
std::vector<double> largest_of(std::vector<double> values, MPI_Comm world, std::chrono::nanoseconds limit) {
  return MpiOperations(world).largest(std::move(values), until_deadline(limit, "MPI_Iallreduce"));
}

/// The proofs of this rank that fail.
std::int64_t failed_proofs(const mpi::Communicators& made, std::chrono::nanoseconds limit) {
  const WhileWaiting wait = until_deadline(limit, "a proof");
  std::int64_t failed = 0;
  for (const KindFamily& kind : made.topology().kinds()) {
    const GroupCommunicator<MPI_Comm> group = made.at(kind.kind);
    std::optional<MpiOperations> operations;
    if (group.has_communicator()) operations.emplace(group.native());
    const Membership mine = membership_of(group, operations ? &*operations : nullptr);
    const auto is_wrong = [&](const std::string& wrong) {
      if (wrong.empty()) return false;
      print_error(wrong);
      ++failed;
      return true;
    };
    if (is_wrong(check_presence(kind.family, mine, made.rank()))) continue;
    is_wrong(prove_membership(kind.family, mine, made.rank(), wait));
    is_wrong(prove_order(kind.family, mine, made.rank(), wait));
  }
  return failed;
}

/// Proves the communicators of a generation on all of its ranks.
/// @param milliseconds what this rank needed to make them
GenerationReport prove(mpi::Job& job, const RankSet& lost, double milliseconds,
                       std::chrono::nanoseconds limit) {
  const Generation& generation = job.generation();
  GenerationReport report{.number = generation.number,
                          .ranks = generation.process_of_rank.size(),
                          .spares = generation.idle().size(),
                          .lost = lost};
  if (job.is_idle()) return report;
  const Clock::time_point start = Clock::now();
  const std::int64_t failed = failed_proofs(job.communicators(), limit);
  const std::vector<double> largest =
      largest_of({milliseconds, milliseconds_since(start), static_cast<double>(failed)},
                 job.communicators().world(), limit);
  report.milliseconds = largest[0];
  report.proof_milliseconds = largest[1];
  report.has_failed = largest[2] > 0;
  return report;
}

std::string to_text(const std::vector<GenerationReport>& reports) {
  std::string text = fmt::format("{:>10}  {:>6}  {:>6}  {:>12}  {:>10}  {:<7}  {}\n", "generation", "ranks",
                                 "spares", "made in ms", "proof ms", "proven", "lost processes");
  for (const GenerationReport& report : reports) {
    const std::string lost = joined(report.lost.to_vector(), ", ");
    text += fmt::format("{:>10}  {:>6}  {:>6}  {:>12.1f}  {:>10.1f}  {:<7}  {}\n", report.number,
                        report.ranks, report.spares, report.milliseconds, report.proof_milliseconds,
                        report.has_failed ? "NO" : "yes", lost.empty() ? "-" : lost);
  }
  return text;
}

std::string to_json(const std::vector<GenerationReport>& reports, const ParallelConfig& config) {
  nlohmann::ordered_json generations = nlohmann::ordered_json::array();
  bool ok = true;
  for (const GenerationReport& report : reports) {
    ok = ok && !report.has_failed;
    generations.push_back({{"generation", report.number},
                           {"ranks", report.ranks},
                           {"spares", report.spares},
                           {"lost", report.lost.to_vector()},
                           {"milliseconds", report.milliseconds},
                           {"proof_milliseconds", report.proof_milliseconds},
                           {"proven", !report.has_failed}});
  }
  const nlohmann::ordered_json report{
      {"config", to_string(config)}, {"ok", ok}, {"generations", generations}};
  return report.dump(2) + "\n";
}

/// Gives every rank the figures of the generations in which it was a spare.
void share(std::vector<GenerationReport>& reports, MPI_Comm world, std::chrono::nanoseconds limit) {
  for (GenerationReport& report : reports) {
    const std::vector<double> largest = largest_of(
        {report.milliseconds, report.proof_milliseconds, report.has_failed ? 1.0 : 0.0}, world, limit);
    report.milliseconds = largest[0];
    report.proof_milliseconds = largest[1];
    report.has_failed = largest[2] > 0;
  }
}

/// Waits until all ranks of the layout have come this far, so that a death does not disturb their proof.
void wait_for_ranks(mpi::Job& job, std::chrono::nanoseconds limit) {
  try {
    static_cast<void>(MpiOperations(job.communicators().world())
                          .gather(0, until_deadline(limit, "the wait for all ranks")));
  } catch (const mpi::MpiError&) {
    // With ULFM, a rank that has come out of the wait revokes the communicator: all have come then.
  }
}

int run(const World& world, const Settings& settings) {
  mpi::Options options;
  options.timeouts.deadline = settings.deadline;
  options.duplicate_world = true;
  options.on_stuck = [&](const mpi::StuckCall& stuck) { abort_job(world, stuck); };
  Clock::time_point start = Clock::now();
  mpi::Job job(MPI_COMM_WORLD, settings.config, options);
  std::vector<GenerationReport> reports{prove(job, {}, milliseconds_since(start), settings.deadline)};

  const RebuildOptions rebuild{.timeouts = until_lost};
  for (const int dying : settings.kill_ranks) {
    if (!job.is_idle()) wait_for_ranks(job, settings.deadline);
    if (job.process() == dying) std::raise(SIGKILL);
    start = Clock::now();
    // A spare waits for the others first, which is no part of the rebuild.
    const bool was_idle = job.is_idle();
    const std::optional<Rebuilt> rebuilt = was_idle ? job.stand_by(rebuild) : job.rebuild(rebuild);
    reports.push_back(
        prove(job, rebuilt.value().lost, was_idle ? 0 : milliseconds_since(start), settings.deadline));
  }
  if (!job.is_idle()) share(reports, job.communicators().world(), settings.deadline);
  const bool prints = !job.is_idle() && job.communicators().rank() == 0;
  bool ok = true;
  for (const GenerationReport& report : reports) ok = ok && !report.has_failed;
  int code = ok ? exit_success : exit_failure;
  if (prints) {
    code = std::max<int>(
        code, write_to_stdout(settings.as_json ? to_json(reports, settings.config) : to_text(reports)));
  }
  if (job.is_idle()) {
    static_cast<void>(job.stand_by());
  } else {
    job.finish();
  }
  return code;
}

}  // namespace

void run_with_deaths(const World& world, const Settings& settings) {
  std::_Exit(run(world, settings));
}

}  // namespace rankmesh::bringup
