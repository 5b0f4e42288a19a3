// A job whose processes die, and that goes on without them: started by rebuild_test.cpp with mpiexec.
#ifdef RANKMESH_JOB_OF_NCCL
#include "rankmesh/bringup/nccl_operations.hpp"
#include "rankmesh/nccl/job.hpp"
#else
#include "rankmesh/mpi/job.hpp"
#endif

#include <mpi.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "rankmesh/topology/config_text.hpp"

using namespace rankmesh;
using namespace std::chrono_literals;

namespace {

#ifdef RANKMESH_JOB_OF_NCCL
using Job = nccl::Job;

nccl::Options with_library(const mpi::Options& options) {
  return {.bring_up = options, .allow_shared_device = true};
}

std::vector<int> gathered(Job& job, const nccl::KindView& group) {
  return bringup::NcclOperations(group.native(), job.device()).gather(job.process(), [] {});
}

void work(Job& /*job*/, int /*rounds*/) {}
#else
using Job = mpi::Job;

mpi::Options with_library(const mpi::Options& options) {
  return options;
}

std::vector<int> gathered(Job& job, const GroupCommunicator<MPI_Comm>& group) {
  std::vector<int> members(static_cast<std::size_t>(group.size));
  const int own = job.process();
  MPI_Allgather(&own, 1, MPI_INT, members.data(), 1, MPI_INT, group.native());
  return members;
}

/// Operations that block on each communicator by turns, until one returns an error.
/// @param rounds how many at most
void work(Job& job, int rounds) {
  const auto& made = job.communicators();
  for (int round = 0; round < rounds; ++round) {
    for (const PlanStep& step : made.plan().steps()) {
      int sum = round;
      if (const auto group = made.at(step.kind);
          group.has_communicator() &&
          MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_INT, MPI_SUM, group.native()) != MPI_SUCCESS) {
        return;
      }
    }
  }
}
#endif

/// Whether this process dies at its next call of MPI_Comm_split.
bool dies_in_split = false;

constexpr auto grace = std::chrono::seconds(RANKMESH_GRACE_SECONDS);
constexpr auto deadline = 4 * grace;

struct Settings {
  int spares = 0;
  /// `3,5+6`: who dies at each rebuild.
  std::vector<std::vector<int>> deaths{};
  /// `kill`, `exit`, or `pause`: stopped until the others have gone on.
  std::string how = "kill";
  /// Who dies in the first rebuild, when so many steps of its first attempt are done.
  int dies_inside = -1;
  std::size_t at_step = 0;
  /// Who closes its communicators before the first rebuild.
  int closes = -1;
  /// Whether the job is used after an error of a rebuild.
  bool goes_on = false;
  /// Whether the others are told who is lost.
  bool names_lost = false;
  /// Whether the processes wait inside operations when one dies.
  bool works = false;
  /// Who dies inside of the next call of MPI_Comm_split after the first generation.
  int dies_in_split = -1;
  /// Of the rebuild.
  std::chrono::seconds deadline = ::deadline;
};

std::vector<int> numbers(const std::string& text) {
  std::vector<int> result;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, '+');) result.push_back(std::stoi(part));
  return result;
}

Settings settings_of(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const std::string value = argv[i + 1];
    if (name == "--spares") settings.spares = std::stoi(value);
    if (name == "--how") settings.how = value;
    if (name == "--inside") settings.dies_inside = std::stoi(value);
    if (name == "--closes") settings.closes = std::stoi(value);
    if (name == "--goes-on") settings.goes_on = value == "yes";
    if (name == "--step") settings.at_step = std::stoul(value);
    if (name == "--works") settings.works = value == "yes";
    if (name == "--in-split") settings.dies_in_split = std::stoi(value);
    if (name == "--deadline") settings.deadline = std::chrono::seconds(std::stoi(value));
    if (name == "--lost") settings.names_lost = value == "named";
    if (name == "--deaths") {
      std::istringstream stream(value);
      for (std::string part; std::getline(stream, part, ',');) settings.deaths.push_back(numbers(part));
    }
  }
  return settings;
}

/// Dies, or stops long enough for the others to go on.
void leave(const std::string& how) {
  if (how == "exit") std::_Exit(0);
  if (how == "kill") std::raise(SIGKILL);
  const pid_t own = getpid();
  if (fork() == 0) {
    sleep(static_cast<unsigned>(3 * deadline.count()));
    kill(own, SIGCONT);
    _exit(0);
  }
  std::raise(SIGSTOP);
}

bool contains(const std::vector<int>& numbers, int number) {
  for (const int each : numbers) {
    if (each == number) return true;
  }
  return false;
}

/// The members of every communicator by processes, proven by gathering.
std::string members_of(Job& job) {
  if (job.is_idle()) return "idle";
  std::string text;
  auto& made = job.communicators();
  for (const PlanStep& step : made.plan().steps()) {
    const auto group = made.at(step.kind);
    if (!group.has_communicator()) continue;
    const std::vector<int> members = gathered(job, group);
    text += (text.empty() ? "" : " ") + std::string(step.kind.name()) + "=";
    for (std::size_t i = 0; i < members.size(); ++i) text += (i == 0 ? "" : "+") + std::to_string(members[i]);
  }
  return text;
}

/// One write, so that lines of several processes do not mix.
void print(const std::string& line) {
  const std::string whole = line + "\n";
  static_cast<void>(!write(STDOUT_FILENO, whole.data(), whole.size()));
}

void report(Job& job, const Rebuilt* rebuilt) {
  std::ostringstream line;
  line << "process " << job.process() << " generation " << job.generation().number << " ranks "
       << job.generation().process_of_rank.size();
  if (rebuilt != nullptr) line << " lost " << rebuilt->lost.to_string() << " attempts " << rebuilt->attempts;
  line << " | " << members_of(job);
  print(line.str());
}

/// Goes on after an error, as it must not: every call that follows has to refuse.
Rebuilt rebuilt_against_errors(Job& job, const RebuildOptions& options) {
  try {
    return job.rebuild(options);
  } catch (const Error&) {
    try {
      static_cast<void>(job.communicators());
      throw std::logic_error("the job still has communicators");
    } catch (const StateError&) {
      return job.rebuild(options);
    }
  }
}

}  // namespace

extern "C" int MPI_Comm_split(MPI_Comm communicator, int color, int key, MPI_Comm* made) {
  if (dies_in_split) {
    // The others are inside of the call meanwhile.
    std::this_thread::sleep_for(200ms);
    std::raise(SIGKILL);
  }
  return PMPI_Comm_split(communicator, color, key, made);
}

int main(int argc, char** argv) {
  int provided = 0;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &provided);
  const Settings settings = settings_of(argc, argv);
  int process = 0;
  int processes = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &process);
  MPI_Comm_size(MPI_COMM_WORLD, &processes);
  std::size_t next_death = 0;
  mpi::Options options{.timeouts = {.deadline = deadline, .grace = grace}};
  bool is_rebuilding = false;
  if (settings.dies_inside == process) {
    options.on_progress = [&](const Progress& progress) {
      if (is_rebuilding && progress.done == settings.at_step) leave(settings.how);
    };
  }
  try {
    const int ranks = processes - settings.spares;
    Job job(MPI_COMM_WORLD, {.world_size = ranks, .tensor = 2}, with_library(options));
    report(job, nullptr);
    is_rebuilding = true;
    dies_in_split = settings.dies_in_split == process;
    RebuildOptions rebuild{.timeouts = {.deadline = settings.deadline, .grace = grace}};
    for (;;) {
      if (job.is_idle()) {
        const auto rebuilt = job.stand_by(rebuild, 60s);
        if (!rebuilt) break;
        ++next_death;
        report(job, &*rebuilt);
        continue;
      }
      if (next_death == settings.deaths.size()) {
        job.finish();
        break;
      }
      const std::vector<int>& dying = settings.deaths[next_death++];
      const bool dies = contains(dying, process);
      if (settings.works) work(job, dies ? 3 : std::numeric_limits<int>::max());
      if (dies) leave(settings.how);
      if (settings.names_lost) {
        std::vector<RankSet::Range> ranges;
        for (const int each : dying) ranges.push_back({each, each});
        rebuild.lost = RankSet::of(ranges);
      }
      if (settings.closes == process && job.generation().number == 0) job.communicators().close();
      const Rebuilt rebuilt = settings.goes_on ? rebuilt_against_errors(job, rebuild) : job.rebuild(rebuild);
      report(job, &rebuilt);
    }
    print("process " + std::to_string(process) + " finished");
  } catch (const std::exception& error) {
    print("process " + std::to_string(process) + " error: " + error.what());
  }
  std::fflush(stdout);
  // MPI_Finalize would wait for the lost processes. With ULFM, the mpiexec of Open MPI 5.0.11 ends the job
  // when half of the processes have left with another exit code.
  std::_Exit(0);
}
