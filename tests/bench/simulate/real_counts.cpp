// The protocols of a real bring-up send, rank by rank, the messages and bytes that the simulation says. Run
// under mpiexec, with MPI and with the double for NCCL.

#include <mpi.h>

#include <cstdio>
#include <string>
#include <vector>

#include "adapters/mpi/support.hpp"
#include "rankmesh/mpi/communicators.hpp"
#include "rankmesh/mpi/job.hpp"
#include "rankmesh/nccl/communicators.hpp"
#include "rankmesh/topology/config_text.hpp"
#include "simulate/job.hpp"
#include "simulate/rebuild.hpp"
#include "simulate/settings.hpp"

namespace {

using namespace rankmesh;
using simulate::Strategy;

/// What this rank has sent with the tags of the transport.
simulate::Counts sent;

}  // namespace

/// In the place of MPI's own, which counts the messages of `MpiTransport`, without envelopes, as it lets them
/// through.
extern "C" int MPI_Isend(const void* bytes, int count, MPI_Datatype type, int to, int tag,
                         MPI_Comm communicator, MPI_Request* request) {
  constexpr int first = mpi::MpiTransport::default_first_tag;
  constexpr auto envelope = static_cast<int>(mpi::MpiTransport::envelope_size);
  if (tag >= first && tag < first + mpi::MpiTransport::tag_count) sent.add_sent(count - envelope);
  return PMPI_Isend(bytes, count, type, to, tag, communicator, request);
}

namespace {

struct Case {
  Strategy strategy{};
  Arrivals arrivals{};
  ParallelConfig config{};
};

std::string text_of(const Case& test) {
  return std::string(test.strategy == Strategy::unique_id ? "NCCL" : "MPI") +
         (test.arrivals == Arrivals::once ? ", " : ", arrivals before each step, ") + to_string(test.config);
}

/// Brings up for real. Returns what this rank sent.
simulate::Counts bring_up(const Case& test) {
  const mpi::Options options{.arrivals = test.arrivals};
  sent = {};
  if (test.strategy == Strategy::unique_id) {
    nccl::Communicators groups(MPI_COMM_WORLD, test.config,
                               {.bring_up = options, .allow_shared_device = true});
    const simulate::Counts counts = sent;
    groups.close();
    return counts;
  }
  const mpi::Communicators groups(MPI_COMM_WORLD, test.config, options);
  return sent;
}

/// The same bring-up for the simulation.
ScheduleOptions schedule_options(const Case& test) {
  ScheduleOptions options = simulate::schedule_options(test.strategy, {.arrivals = test.arrivals});
  if (options.nccl) {
    int version = 0;
    ncclGetVersion(&version);
    options.nccl->library_version = nccl::version_text(version);
    options.nccl->header_version = nccl::version_text(NCCL_VERSION_CODE);
    options.nccl->allow_shared_device = true;
  }
  return options;
}

/// What each rank sent, on rank 0.
std::vector<simulate::Counts> gathered(const simulate::Counts& own) {
  std::vector<simulate::Counts> all(static_cast<std::size_t>(tests::world_size()));
  MPI_Gather(&own, sizeof own, MPI_BYTE, all.data(), sizeof own, MPI_BYTE, 0, MPI_COMM_WORLD);
  return all;
}

/// Whether the simulation says the same of each rank; says what it found.
bool is_as_simulated(const Case& test, const std::vector<simulate::Counts>& real) {
  const CommunicatorPlan plan{Topology(test.config)};
  simulate::Job job(plan, schedule_options(test), simulate::default_costs());
  job.run();
  bool is_same = true;
  std::string messages;
  for (int rank = 0; rank < job.size(); ++rank) {
    const simulate::Counts& found = real[static_cast<std::size_t>(rank)];
    const simulate::Counts& expected = job.protocol(rank);
    messages += " " + std::to_string(found.messages_sent);
    if (found.messages_sent == expected.messages_sent && found.bytes_sent == expected.bytes_sent) continue;
    is_same = false;
    std::printf("rank %d sent %lld messages of %lld bytes; simulated: %lld of %lld\n", rank,
                static_cast<long long>(found.messages_sent), static_cast<long long>(found.bytes_sent),
                static_cast<long long>(expected.messages_sent), static_cast<long long>(expected.bytes_sent));
  }
  std::printf("%s: messages of each rank:%s\n", text_of(test).c_str(), messages.c_str());
  return is_same;
}

std::vector<Case> cases() {
  std::vector<Case> result;
  std::vector<ParallelConfig> configs = {{.world_size = tests::world_size()}};
  // Of the many layouts of a larger world a few that differ.
  for (const ParallelConfig& config : tests::valid_configs(tests::world_size())) {
    if (config.tensor <= 2 && config.pipeline <= 4 && config.tensor * config.pipeline > 1) {
      configs.push_back(config);
    }
  }
  for (const ParallelConfig& config : configs) {
    result.push_back({Strategy::create_group, Arrivals::once, config});
    result.push_back({Strategy::create_group, Arrivals::before_each_step, config});
    result.push_back({Strategy::unique_id, Arrivals::once, config});
  }
  return result;
}

/// Rebuilds a job for real, with a spare for each lost process, which all others know. The lost ones stay,
/// but do not take part. Returns what this process sent.
simulate::Counts rebuild(const ParallelConfig& config, const std::vector<int>& lost) {
  mpi::Job job(MPI_COMM_WORLD, config);
  MPI_Barrier(MPI_COMM_WORLD);
  sent = {};
  const RebuildOptions options{.lost = RankSet::of_ranks(lost)};
  if (options.lost.contains(job.process())) {
    // It takes no part.
  } else if (job.is_idle()) {
    static_cast<void>(job.stand_by(options));
  } else {
    job.rebuild(options);
  }
  const simulate::Counts counts = sent;
  MPI_Barrier(MPI_COMM_WORLD);
  return counts;
}

/// Whether the simulation of a rebuild says the same of each process.
bool rebuild_is_as_simulated(const ParallelConfig& config, const std::vector<int>& lost,
                             const std::vector<simulate::Counts>& real) {
  const simulate::RebuildResult result =
      simulate::run_rebuild(Topology(config), lost, simulate::Known::to_all, simulate::default_costs());
  bool is_same = true;
  std::string messages;
  for (std::size_t process = 0; process < real.size(); ++process) {
    const simulate::Counts& expected = result.protocol[process];
    messages += " " + std::to_string(real[process].messages_sent);
    if (real[process].messages_sent == expected.messages_sent &&
        real[process].bytes_sent == expected.bytes_sent) {
      continue;
    }
    is_same = false;
    std::printf("process %zu sent %lld messages of %lld bytes; simulated: %lld of %lld\n", process,
                static_cast<long long>(real[process].messages_sent),
                static_cast<long long>(real[process].bytes_sent),
                static_cast<long long>(expected.messages_sent), static_cast<long long>(expected.bytes_sent));
  }
  std::printf("rebuild, %zu lost, %s: messages of each process:%s\n", lost.size(), to_string(config).c_str(),
              messages.c_str());
  return is_same;
}

/// Compares the rebuilds of layouts of two ranks per replica. Returns 0 if one is not as simulated.
int check_rebuilds() {
  int is_good = 1;
  for (const int lost : {1, 2}) {
    const int ranks = tests::world_size() - lost - (tests::world_size() - lost) % 2;
    // More than half of the processes must be left.
    if (ranks + lost != tests::world_size() || 2 * lost >= ranks) continue;
    for (const ParallelConfig& config : {ParallelConfig{.world_size = ranks, .tensor = 2},
                                         ParallelConfig{.world_size = ranks, .pipeline = 2}}) {
      const std::vector<int> gone = simulate::spread(ranks, lost);
      const auto real = gathered(rebuild(config, gone));
      if (tests::world_rank() == 0 && !rebuild_is_as_simulated(config, gone, real)) is_good = 0;
    }
  }
  return is_good;
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int is_good = check_rebuilds();
  for (const Case& test : cases()) {
    const auto real = gathered(bring_up(test));
    if (tests::world_rank() == 0 && !is_as_simulated(test, real)) is_good = 0;
  }
  MPI_Bcast(&is_good, 1, MPI_INT, 0, MPI_COMM_WORLD);
  MPI_Finalize();
  return is_good != 0 ? 0 : 1;
}
