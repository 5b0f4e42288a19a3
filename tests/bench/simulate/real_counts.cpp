// What the protocols of a real bring-up send, rank by rank, is what the simulation says: under mpiexec, with
// MPI and with the stand-in for NCCL.

#include <mpi.h>

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "adapters/mpi/support.hpp"
#include "rankmesh/mpi/communicators.hpp"
#include "rankmesh/nccl/communicators.hpp"
#include "rankmesh/topology/config_text.hpp"
#include "simulate/job.hpp"
#include "simulate/settings.hpp"

namespace {

using namespace rankmesh;
using simulate::Way;

/// What this rank has sent with the tags of the transport.
simulate::Counts sent;

}  // namespace

/// In the place of MPI's own, which counts the messages of `MpiTransport` as it lets them through.
extern "C" int MPI_Isend(const void* bytes, int count, MPI_Datatype type, int to, int tag,
                         MPI_Comm communicator, MPI_Request* request) {
  constexpr int first = mpi::MpiTransport::default_first_tag;
  if (tag >= first && tag < first + mpi::MpiTransport::tag_count) sent.add_sent(count);
  return PMPI_Isend(bytes, count, type, to, tag, communicator, request);
}

namespace {

struct Case {
  Way way{};
  simulate::Arrivals arrivals{};
  ParallelConfig config{};
};

std::string text_of(const Case& test) {
  return std::string(test.way == Way::unique_id ? "NCCL" : "MPI") +
         (test.arrivals == simulate::Arrivals::once ? ", " : ", arrivals before each step, ") +
         to_string(test.config);
}

/// Has the adapter wait for arrivals as often as a test says. Returns whether it can.
template <typename Options>
bool choose_arrivals(Options& options, simulate::Arrivals arrivals) {
  const bool is_once = arrivals == simulate::Arrivals::once;
  if constexpr (requires { options.arrivals; }) {
    using Choice = decltype(options.arrivals);
    options.arrivals = is_once ? Choice::once : Choice::before_each_step;
    return true;
  } else {
    return !is_once;
  }
}

/// Brings up for real. Returns what this rank sent; nothing where the adapter has no such way.
std::optional<simulate::Counts> bring_up(const Case& test) {
  mpi::Options options;
  if (!choose_arrivals(options, test.arrivals) && test.way != Way::unique_id) return std::nullopt;
  sent = {};
  if (test.way == Way::unique_id) {
    nccl::Communicators groups(MPI_COMM_WORLD, test.config,
                               {.bring_up = options, .allow_shared_device = true});
    const simulate::Counts counts = sent;
    groups.close();
    return counts;
  }
  const mpi::Communicators groups(MPI_COMM_WORLD, test.config, options);
  return sent;
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
  const simulate::Program program = simulate::program_of(test.way, plan, test.arrivals);
  simulate::Job job(plan, program, simulate::default_costs());
  job.run();
  bool is_same = true;
  std::string messages;
  for (int rank = 0; rank < job.size(); ++rank) {
    const simulate::Counts& found = real[static_cast<std::size_t>(rank)];
    const simulate::Counts& expected = job.protocol(rank);
    messages += " " + std::to_string(found.messages_sent);
    // The fields of NCCL hold its version, which is as long as it is.
    const bool has_same_bytes = test.way == Way::unique_id || found.bytes_sent == expected.bytes_sent;
    if (found.messages_sent == expected.messages_sent && has_same_bytes) continue;
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
    result.push_back({Way::create_group, simulate::Arrivals::once, config});
    result.push_back({Way::create_group, simulate::Arrivals::before_each_step, config});
    result.push_back({Way::unique_id, simulate::Arrivals::once, config});
  }
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int is_good = 1;
  for (const Case& test : cases()) {
    const auto own = bring_up(test);
    if (!own) continue;
    const auto real = gathered(*own);
    if (tests::world_rank() == 0 && !is_as_simulated(test, real)) is_good = 0;
  }
  MPI_Bcast(&is_good, 1, MPI_INT, 0, MPI_COMM_WORLD);
  MPI_Finalize();
  return is_good != 0 ? 0 : 1;
}
