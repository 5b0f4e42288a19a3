// A job without MPI; each rank writes into a file of its own what it saw. Run by job_test.cpp:
//   mpiexec -n 4 pmix_job FOLDER WHAT [RANK]
// WHAT:
//   probe     whether there is PMIx
//   agree     several agreements, of which one fails
//   groups    NCCL communicators of several layouts
//   skipped   RANK does not take part in the first of two agreements
//   silent, stop, kill
//             RANK does nothing, is stopped, or is killed before the agreement
//   late      RANK comes when the others have given up, and then takes part
//   kill-later, stop-later
//             the same after the agreement of an NCCL bring-up

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "groups.hpp"
#include "rankmesh/comm/agree_on_plan.hpp"
#include "rankmesh/comm/agreement.hpp"
#include "rankmesh/pmix.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using namespace std::chrono_literals;

namespace {

constexpr Timeouts impatient{.deadline = 2s, .grace = 1s};
constexpr Timeouts patient{.deadline = 60s, .grace = 20s};

struct Setting {
  std::string folder;
  std::string what;
  int rank = -1;
};
Setting setting;

std::string file_of(int rank) {
  return setting.folder + "/" + std::to_string(rank);
}

void write(int rank, const std::string& text) {
  // In one piece, for those who wait for the file.
  std::ofstream(file_of(rank) + ".part") << text;
  std::filesystem::rename(file_of(rank) + ".part", file_of(rank));
}

/// Waits at most 30 seconds for what all ranks but one write.
void wait_for_others(const pmix::Job& job) {
  for (int tries = 0; tries < 3000; ++tries) {
    int missing = 0;
    for (int rank = 0; rank < job.size(); ++rank) {
      if (rank != setting.rank && !std::filesystem::exists(file_of(rank))) ++missing;
    }
    if (missing == 0) return;
    std::this_thread::sleep_for(10ms);
  }
}

/// Two rounds, as a bring-up has them.
std::string agree(pmix::Job& job, const ParallelConfig& config, const Timeouts& timeouts) {
  pmix::PmixTransport transport(job);
  AgreementSession session(transport, timeouts);
  try {
    const CommunicatorPlan plan = agree_on_plan(session, config, {});
    arrive(session, {.step = "completion", .is_last = true});
    return "agreed on " + std::to_string(plan.steps().size()) + " steps";
  } catch (const Error& error) {
    return error.what();
  }
}

std::string bring_up(pmix::Job& job, const ParallelConfig& config, const nccl::Options& options) {
  try {
    nccl::Communicators groups(job, config, options);
    std::string text = groups_text(groups);
    groups.close();
    return text;
  } catch (const Error& error) {
    return std::string(error.what()) + "\n";
  }
}

std::string several_agreements(pmix::Job& job) {
  const ParallelConfig config{.world_size = job.size()};
  ParallelConfig other = config;
  if (job.rank() == job.size() - 1) other.tensor = 7;
  std::string text = agree(job, config, patient) + "\n" + agree(job, other, patient) + "\n";
  for (int i = 0; i < 6; ++i) text += agree(job, config, patient) + "\n";
  return text + agree(job, {.world_size = job.size() + 1}, patient) + "\n";
}

std::string several_bring_ups(pmix::Job& job) {
  std::string text;
  for (const ParallelConfig& config : layouts(job.size())) {
    for (const nccl::Strategy strategy : {nccl::Strategy::unique_id, nccl::Strategy::nccl_split}) {
      for (const bool blocking : {false, true}) {
        nccl::Options options{.strategy = strategy, .blocking = blocking};
        options.bring_up.timeouts = patient;
        options.ranks_per_identifier = 3;
        text += bring_up(job, config, options);
      }
    }
  }
  nccl::Options options{.strategy = nccl::Strategy::mpi_split, .host_communicators = true};
  options.bring_up.timeouts = patient;
  options.bring_up.plan.lazy = {GroupKind::tensor};
  return text + bring_up(job, {.world_size = job.size()}, options);
}

/// What happens to the rank that something happens to.
void happen(const std::string& how) {
  if (how == "kill") std::raise(SIGKILL);
  if (how == "stop") std::raise(SIGSTOP);
}

std::string with_a_fault(pmix::Job& job) {
  const ParallelConfig config{.world_size = job.size()};
  const bool is_it = job.rank() == setting.rank;
  if (is_it) {
    happen(setting.what);
    if (setting.what == "late" || setting.what == "silent") wait_for_others(job);
    if (setting.what == "silent") return "silent";
  }
  return agree(job, config, impatient);
}

std::string with_a_later_fault(pmix::Job& job) {
  nccl::Options options;
  options.bring_up.timeouts = impatient;
  options.bring_up.on_progress = [&](const Progress& progress) {
    if (job.rank() == setting.rank && progress.part == "agreement") {
      happen(setting.what.substr(0, setting.what.find('-')));
    }
  };
  return bring_up(job, {.world_size = job.size()}, options);
}

std::string skipped(pmix::Job& job) {
  const ParallelConfig config{.world_size = job.size()};
  std::string text;
  if (job.rank() != setting.rank) text = agree(job, config, impatient) + "\n";
  write(job.rank() + 100, "");
  for (int rank = 0; rank < job.size(); ++rank) {
    while (!std::filesystem::exists(file_of(rank + 100))) std::this_thread::sleep_for(10ms);
  }
  // The rank that skipped the first is told so, and then meets the others in the second.
  if (job.rank() == setting.rank) text = agree(job, config, patient) + "\n";
  return text + agree(job, config, patient) + "\n";
}

std::string seen(pmix::Job& job) {
  if (setting.what == "probe") return "PMIx";
  if (setting.what == "agree") return several_agreements(job);
  if (setting.what == "groups") return several_bring_ups(job);
  if (setting.what == "skipped") return skipped(job);
  if (setting.what.ends_with("-later")) return with_a_later_fault(job);
  return with_a_fault(job);
}

}  // namespace

int main(int argc, char** argv) {
  setting = {argv[1], argv[2], argc > 3 ? std::atoi(argv[3]) : -1};
  try {
    pmix::Job job;
    std::ofstream(setting.folder + "/pid." + std::to_string(job.rank())) << getpid();
    write(job.rank(), seen(job));
    if (!setting.what.starts_with("stop")) return 0;
    // Nothing but this ends a process that is stopped.
    wait_for_others(job);
    int stopped = 0;
    std::ifstream(setting.folder + "/pid." + std::to_string(setting.rank)) >> stopped;
    if (job.rank() != setting.rank && stopped > 0) kill(stopped, SIGKILL);
  } catch (const pmix::PmixError& error) {
    write(0, error.what());
  }
}
