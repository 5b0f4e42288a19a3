// One bring-up, or one rebuild, in which a fault happens. Each rank writes how it ended to
// FOLDER/outcome.RANK, as JSON. Started by fault_matrix.py, which explains the arguments:
//   mpiexec -n 6 fault_cell FOLDER WAY FAULTS DEADLINE_MS GRACE_MS

#include <mpi.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>

#include "faults/fault.hpp"
#include "rankmesh/mpi.hpp"
#include "rankmesh/mpi/job.hpp"
#include "rankmesh/nccl/communicators.hpp"
#include "rankmesh/nccl/job.hpp"
#include "rankmesh/nccl_double.hpp"

namespace {

using namespace rankmesh;
using namespace rankmesh::tests;
using faults::Fault;
using faults::Kind;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

std::string folder;
int rank = 0;
Clock::time_point start;

double elapsed() {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string file(const std::string& name) {
  return folder + "/" + name + "." + std::to_string(rank);
}

json ranks_of(const RankSet& set) {
  return set.to_vector();
}

json failures_of(const std::vector<RankFailure>& failures) {
  json result = json::object();
  for (const RankFailure& failure : failures) result[std::to_string(failure.rank)] = failure.what;
  return result;
}

int threads() {
  int count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) ++count;
  return count;
}

/// The number of threads, once it is not above `expected` or a second has passed: those of the double end a
/// moment after they were needed.
int settled_threads(int expected) {
  for (int tries = 0; threads() > expected && tries < 100; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return threads();
}

/// What the process holds besides its communicators.
json holdings(int threads_before) {
  const nccl_double::Counters nccl = nccl_double::counters();
  // Those of unused identifiers, which are counted.
  const int allowed = threads_before + static_cast<int>(nccl.threads);
  return {{"mpi_communicators", faults::mpi_balance().communicators},
          {"requests", faults::mpi_balance().requests},
          {"nccl_communicators", nccl.live_communicators},
          {"streams", nccl.live_streams},
          {"identifiers", nccl.unconsumed_ids},
          {"threads", settled_threads(allowed) - allowed}};
}

/// Notes the shared memory that the process uses: its launcher has to remove it when the process cannot.
void note_shared_memory() {
  std::set<std::string> files;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    const std::size_t path = line.find("/dev/shm/");
    if (path != std::string::npos) files.insert(line.substr(path));
  }
  std::ofstream note(file("shared"));
  for (const std::string& name : files) note << name << "\n";
}

/// Writes the outcome and ends the process. Only the first call has an effect: the watchdog and the bring-up
/// itself may end at the same time.
[[noreturn]] void end_with(json outcome) {
  static std::atomic<bool> has_ended = false;
  if (has_ended.exchange(true)) {
    for (;;) pause();
  }
  if (!outcome.contains("elapsed")) outcome["elapsed"] = elapsed();
  note_shared_memory();
  std::ofstream(file("part")) << outcome.dump() << "\n";
  std::filesystem::rename(file("part"), file("outcome"));
  // Where the launcher would end the others as soon as one process ends.
  if (std::getenv("RANKMESH_FAULTS_LINGER") != nullptr) {
    while (!std::filesystem::exists(folder + "/end")) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  // Others may be gone: no collective call may follow.
  _exit(0);
}

json outcome_of_current_exception() {
  try {
    throw;
  } catch (const DeadlineError& error) {
    return {{"type", "DeadlineError"},
            {"text", error.what()},
            {"step", error.details().step},
            {"missing", ranks_of(error.details().missing)},
            {"unfinished", ranks_of(error.details().unfinished)},
            {"complete", error.details().complete},
            {"abandoned", error.abandoned_identifiers()}};
  } catch (const BringUpError& error) {
    return {{"type", "BringUpError"},
            {"text", error.what()},
            {"step", error.step()},
            {"failures", failures_of(error.failures())},
            {"abandoned", error.abandoned_identifiers()}};
  } catch (const DisagreementError& error) {
    return {{"type", "DisagreementError"}, {"text", error.what()}};
  } catch (const DeclaredLostError& error) {
    return {{"type", "DeclaredLostError"}, {"text", error.what()}};
  } catch (const RebuildError& error) {
    return {{"type", "RebuildError"}, {"text", error.what()}};
  } catch (const ConfigError& error) {
    return {{"type", "ConfigError"}, {"text", error.what()}};
  } catch (const std::exception& error) {
    return {{"type", "own exception"}, {"text", error.what()}};
  }
}

[[noreturn]] void end_as_stuck(const mpi::StuckCall& stuck) {
  json outcome = {{"type", "stuck"},
                  {"text", stuck.message()},
                  {"step", stuck.part},
                  {"call", stuck.call},
                  {"failures", failures_of(stuck.failures)}};
  if (stuck.silent) outcome["missing"] = ranks_of(*stuck.silent);
  end_with(std::move(outcome));
}

/// The rules of the double for faults in the work of a call, which counts the calls of the first bring-up
/// too.
/// @param calls_before those of a rank
std::string rules_for_double(const std::vector<Fault>& all,
                             const std::function<int(int rank)>& calls_before) {
  std::string rules;
  for (const Fault& fault : all) {
    const int number = fault.number + calls_before(fault.rank);
    const std::string where =
        fault.point + "@" + std::to_string(fault.rank) + "#" + std::to_string(number) + "=";
    if (fault.kind == Kind::async) rules += where + "async:3;";
    if (fault.kind == Kind::die) rules += where + "die:20;";
    if (fault.kind == Kind::hang) rules += where + "hang;";
  }
  return rules;
}

struct Way {
  ParallelConfig config{};
  nccl::Options options{};
  bool is_mpi = true;
  bool is_rebuild = false;
};

/// WAY: mpi, mpi-each (arrivals before each step), or a strategy of NCCL, with -blocking if its calls block.
/// With -rebuild, the fault happens in a rebuild; with -rebuild-spares, two processes are spares.
Way way_of(std::string way, int size) {
  Way job{.config = {.world_size = size, .tensor = 2}};
  job.is_rebuild = way.find("-rebuild") != std::string::npos;
  if (way.ends_with("-spares")) job.config.world_size -= 2;
  if (size % 4 == 0) job.config.pipeline = 2;
  job.is_mpi = way.starts_with("mpi") && !way.starts_with("mpi_split");
  if (way == "mpi-each") job.options.bring_up.arrivals = Arrivals::before_each_step;
  if (job.is_mpi) return job;
  job.options.blocking = way.ends_with("-blocking");
  way = way.substr(0, way.find('-'));
  if (way == "mpi_split") job.options.strategy = nccl::Strategy::mpi_split;
  if (way == "nccl_split") job.options.strategy = nccl::Strategy::nccl_split;
  return job;
}

/// Changes one option of this rank: `differ:RANK@OPTION#1`.
void change(Way& job, const std::string& option) {
  mpi::Options& common = job.options.bring_up;
  if (option == "tensor") job.config.tensor = 1;
  if (option == "job_field") common.job_fields.push_back({.field = "layers", .value = "48"});
  if (option == "on_stuck") common.on_stuck = {};
  if (option == "sharing_key") common.plan.sharing_keys[GroupKind::data] = "apart";
  if (option == "arrivals") {
    common.arrivals = common.arrivals == Arrivals::once ? Arrivals::before_each_step : Arrivals::once;
  }
  if (option == "strategy") {
    job.options.strategy = job.options.strategy == nccl::Strategy::unique_id ? nccl::Strategy::mpi_split
                                                                             : nccl::Strategy::unique_id;
  }
  if (option == "blocking") job.options.blocking = !job.options.blocking;
}

/// Brings up and forgets: what was made lives until the process ends.
void bring_up(const Way& job) {
  if (job.is_mpi) {
    static std::optional<mpi::Communicators> groups;
    groups.emplace(MPI_COMM_WORLD, job.config, job.options.bring_up);
  } else {
    static std::optional<nccl::Communicators> groups;
    groups.emplace(MPI_COMM_WORLD, job.config, job.options);
  }
}

/// The communicators of this rank that the layout plans.
template <typename Communicators>
int count_of(const Communicators& made) {
  int count = 0;
  for (const PlanStep& step : made.plan().steps()) count += made.at(step.kind).has_communicator() ? 1 : 0;
  return count;
}

/// What is wrong with a communicator of NCCL; nothing for those of MPI, which a rebuild proves.
json wrong_with(const mpi::Communicators&) {
  return json::array();
}

json wrong_with(const nccl::Communicators& made) {
  json wrong = json::array();
  for (const PlanStep& step : made.plan().steps()) {
    const auto group = made.at(step.kind);
    if (!group.has_communicator()) continue;
    int size = 0;
    int position = 0;
    ncclResult_t state = ncclInternalError;
    ncclCommCount(group.native(), &size);
    ncclCommUserRank(group.native(), &position);
    ncclCommGetAsyncError(group.native(), &state);
    if (size != group.size || position != group.position || state != ncclSuccess) {
      wrong.push_back(step.kind.name());
    }
  }
  return wrong;
}

/// A job that has begun, and its rebuild. The job lives until the process ends.
template <typename Job, typename Options>
class Rebuilding {
 public:
  Rebuilding(const ParallelConfig& config, const Options& options)
      : job_(new Job(MPI_COMM_WORLD, config, options)),
        control_communicators_(faults::mpi_balance().communicators - mpi_communicators()) {}

  json rebuild(const RebuildOptions& options) {
    // A spare waits for the others, which a fault may delay.
    const auto rebuilt =
        job_->is_idle() ? job_->stand_by(options, std::chrono::seconds(60)) : job_->rebuild(options);
    json outcome = {{"type", "rebuilt"},
                    {"lost", ranks_of(rebuilt.value().lost)},
                    {"attempts", rebuilt->attempts},
                    {"process_of_rank", job_->generation().process_of_rank}};
    if (!job_->is_idle()) outcome["wrong"] = wrong_with(job_->communicators());
    // The double may still be about to end those that were aborted.
    outcome["surplus"] = {
        {"mpi_communicators",
         faults::mpi_balance().communicators - control_communicators_ - mpi_communicators()},
        {"nccl_communicators", nccl_double::counters().live_communicators - nccl_communicators()}};
    return outcome;
  }

 private:
  static constexpr bool is_mpi = std::is_same_v<Job, mpi::Job>;
  int communicators() { return job_->is_idle() ? 0 : count_of(job_->communicators()); }
  int mpi_communicators() { return is_mpi ? communicators() : 0; }
  int nccl_communicators() { return is_mpi ? 0 : communicators(); }

  Job* job_;
  int control_communicators_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  folder = argv[1];
  std::string text = argv[3];
  const std::chrono::milliseconds deadline(std::atoi(argv[4]));
  const std::chrono::milliseconds grace(std::atoi(argv[5]));
  int provided = MPI_THREAD_SINGLE;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
  int size = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  note_shared_memory();
  std::ofstream(file("pid")) << getpid();

  Way job = way_of(argv[2], size);
  job.options.bring_up.timeouts = {.deadline = deadline, .grace = grace};
  job.options.bring_up.on_stuck = [](const mpi::StuckCall& stuck) { end_as_stuck(stuck); };
  job.options.bring_up.on_progress = [](const Progress& progress) {
    if (progress.done == progress.total) std::ofstream(file("made"));
    if (faults::meet("progress")) throw std::runtime_error("the callback throws");
  };
  std::vector<Fault> all;
  if (text.starts_with("differ:")) {
    text.replace(0, 6, "slow");
    const Fault differing = faults::parse_faults(text).front();
    if (differing.rank == rank) change(job, differing.point);
  } else if (text != "none") {
    all = faults::parse_faults(text);
  }
  const std::string rules = rules_for_double(all, [&](int other) {
    int calls = 0;
    if (!job.is_rebuild || other >= job.config.world_size) return calls;
    for (const RankStep& step : CommunicatorPlan(Topology(job.config)).for_rank(other))
      calls += step.group ? 1 : 0;
    return calls;
  });
  if (!rules.empty()) setenv("RANKMESH_DOUBLE_FAULTS", rules.c_str(), 1);

  std::function<json()> run = [&]() -> json {
    bring_up(job);
    return {{"type", "success"}};
  };
  if (job.is_rebuild) {
    RebuildOptions rebuild{.timeouts = job.options.bring_up.timeouts};
    for (const Fault& fault : all) {
      if (fault.point == "known") rebuild.lost.insert(RankSet(fault.rank));
    }
    if (job.is_mpi) {
      auto* jobs = new Rebuilding<mpi::Job, mpi::Options>(job.config, job.options.bring_up);
      run = [jobs, rebuild] { return jobs->rebuild(rebuild); };
    } else {
      job.options.allow_shared_device = true;
      auto* jobs = new Rebuilding<nccl::Job, nccl::Options>(job.config, job.options);
      run = [jobs, rebuild] { return jobs->rebuild(rebuild); };
    }
  }

  std::filesystem::remove(file("made"));
  MPI_Barrier(MPI_COMM_WORLD);
  start = Clock::now();
  const int threads_before = threads();
  faults::arm(all, rank,
              {.slow = static_cast<int>(deadline.count() / 5),
               .late = static_cast<int>(deadline.count() + grace.count() * 6 / 5)},
              file("met"));
  json outcome;
  try {
    // "known": the others know it when they begin to rebuild.
    if (faults::meet("before") || faults::meet("known"))
      throw std::runtime_error("an exception before the bring-up");
    outcome = run();
  } catch (...) {
    outcome = outcome_of_current_exception();
  }
  if (outcome["type"] == "success") static_cast<void>(faults::meet("done"));
  // Before the look at what is held, which may wait for threads to end.
  outcome["elapsed"] = elapsed();
  outcome["points"] = faults::points_met();
  outcome["holds"] = holdings(threads_before);
  end_with(std::move(outcome));
}
