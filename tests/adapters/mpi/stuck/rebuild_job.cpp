// A job whose processes die, and that goes on without them: started by rebuild_test.cpp with mpiexec.
#ifdef RANKMESH_JOB_OF_NCCL
#include "rankmesh/bringup/nccl_operations.hpp"
#include "rankmesh/nccl/job.hpp"
#include "rankmesh/nccl_double.hpp"
#else
#include "rankmesh/mpi/job.hpp"
#endif

#include <mpi.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "rankmesh/topology/config_text.hpp"

using namespace rankmesh;
using namespace std::chrono_literals;

namespace {

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
  /// For NCCL: who aborts its model communicator, and on whom its data communicator fails, before the first
  /// rebuild.
  int releases = -1;
  int fails = -1;
  /// The option of NCCL.
  bool shrinks = false;
  /// Whether calls that do not return end the process.
  bool reports_stuck = false;
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
    if (name == "--releases") settings.releases = std::stoi(value);
    if (name == "--fails") settings.fails = std::stoi(value);
    if (name == "--shrink") settings.shrinks = value == "yes";
    if (name == "--stuck") settings.reports_stuck = value == "report";
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

#ifdef RANKMESH_JOB_OF_NCCL
using Job = nccl::Job;

nccl::Options with_library(const mpi::Options& options, const Settings& settings) {
  return {.bring_up = options, .allow_shared_device = true, .shrink = settings.shrinks};
}

std::vector<int> gathered(Job& job, const nccl::KindView& group) {
  return bringup::NcclOperations(group.native(), job.device()).gather(job.process(), [] {});
}

/// All communicators, without waiting for the others.
void give_up_all(Job& job) {
  job.communicators().abort();
}

void work(Job& /*job*/, int /*rounds*/) {}

/// Makes the communicators of this process unfit to be kept.
void spoil(Job& job, const Settings& settings) {
  if (settings.releases == job.process()) {
    ncclCommAbort(job.communicators().release(GroupKind::model).release());
  }
  // A rule for faults makes it fail.
  if (settings.fails == job.process()) {
    int value = 0;
    ncclComm_t data = job.communicators().at(GroupKind::data).native();
    static_cast<void>(ncclBroadcast(&value, &value, 1, ncclInt, 0, data, nullptr));
    ncclResult_t state = ncclInProgress;
    while (state == ncclInProgress) ncclCommGetAsyncError(data, &state);
  }
}

/// Those of this process.
std::int64_t communicators_now() {
  return nccl_double::counters().live_communicators;
}

/// How many communicators were made since the generation before, in which way, and which have the handle that
/// they had then. NCCL may give a freed handle to a new one, so the numbers count.
/// @param peak the most that there were at once during the bring-up
std::string how_made(Job& job, std::int64_t peak) {
  static std::map<std::string, ncclComm_t> before;
  static nccl_double::Counters counted{};
  std::string same;
  std::map<std::string, ncclComm_t> now;
  if (!job.is_idle()) {
    for (const PlanStep& step : job.communicators().plan().steps()) {
      const auto group = job.communicators().at(step.kind);
      if (!group.has_communicator()) continue;
      const std::string name(step.kind.name());
      now[name] = group.native();
      if (before.contains(name) && before[name] == now[name]) same += " same-" + name;
    }
  }
  const nccl_double::Counters counters = nccl_double::counters();
  const std::string text = "inits " + std::to_string(counters.init_calls - counted.init_calls) + " shrinks " +
                           std::to_string(counters.shrink_calls - counted.shrink_calls) + " live " +
                           std::to_string(counters.live_communicators) + " peak " + std::to_string(peak) +
                           same;
  before = now;
  counted = counters;
  return text;
}
#else
using Job = mpi::Job;

mpi::Options with_library(const mpi::Options& options, const Settings& /*settings*/) {
  return options;
}

std::vector<int> gathered(Job& job, const GroupCommunicator<MPI_Comm>& group) {
  std::vector<int> members(static_cast<std::size_t>(group.size));
  const int own = job.process();
  MPI_Allgather(&own, 1, MPI_INT, members.data(), 1, MPI_INT, group.native());
  return members;
}

void give_up_all(Job& job) {
  job.communicators().close();
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

void spoil(Job& /*job*/, const Settings& /*settings*/) {}

std::int64_t communicators_now() {
  return 0;
}

std::string how_made(Job& /*job*/, std::int64_t /*peak*/) {
  return "in a way that is not told";
}
#endif

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

/// The entries of a folder in /proc/self: `fd` has the descriptors of this process, `task` its threads.
int entries(const std::string& folder) {
  int count = 0;
  for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator("/proc/self/" + folder))
    ++count;
  return count;
}

void report(Job& job, const Rebuilt* rebuilt, std::int64_t peak) {
  std::ostringstream line;
  line << "process " << job.process() << " generation " << job.generation().number << " ranks "
       << job.generation().process_of_rank.size();
  if (rebuilt != nullptr) line << " lost " << rebuilt->lost.to_string() << " attempts " << rebuilt->attempts;
  const std::string members = members_of(job);
  line << " descriptors " << entries("fd") << " threads " << entries("task") << " | " << members;
  print(line.str());
  print("process " + std::to_string(job.process()) + " made " + std::to_string(job.generation().number) +
        " " + how_made(job, peak));
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
  std::int64_t peak = 0;
  options.on_progress = [&](const Progress& progress) {
    const bool dies = is_rebuilding && settings.dies_inside == process;
    if (dies && progress.done == settings.at_step) leave(settings.how);
    peak = std::max(peak, communicators_now());
  };
  if (settings.reports_stuck) {
    options.on_stuck = [process](const mpi::StuckCall& stuck) {
      print("process " + std::to_string(process) + " error: " + stuck.message());
      std::_Exit(4);
    };
  }
  try {
    const int ranks = processes - settings.spares;
    Job job(MPI_COMM_WORLD, {.world_size = ranks, .tensor = 2}, with_library(options, settings));
    report(job, nullptr, std::exchange(peak, 0));
    is_rebuilding = true;
    dies_in_split = settings.dies_in_split == process;
    RebuildOptions rebuild{.timeouts = {.deadline = settings.deadline, .grace = grace}};
    for (;;) {
      if (job.is_idle()) {
        const auto rebuilt = job.stand_by(rebuild, 60s);
        if (!rebuilt) break;
        ++next_death;
        report(job, &*rebuilt, std::exchange(peak, 0));
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
      if (settings.names_lost) rebuild.lost = RankSet::of_ranks(dying);
      if (settings.closes == process && job.generation().number == 0) give_up_all(job);
      if (job.generation().number == 0) spoil(job, settings);
      const Rebuilt rebuilt = settings.goes_on ? rebuilt_against_errors(job, rebuild) : job.rebuild(rebuild);
      report(job, &rebuilt, std::exchange(peak, 0));
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
