#include "rankmesh/nccl/communicators.hpp"

#include <cuda_runtime_api.h>
#include <dirent.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "nccl/double/double.hpp"
#include "rankmesh/nccl/error.hpp"
#include "support.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using namespace std::chrono_literals;
using nccl::Communicators;
using K = GroupKind;

namespace {

/// Gathers the ranks of a communicator's members by position: proves membership and order alike.
std::vector<int> gathered(ncclComm_t communicator, int size) {
  int* device = nullptr;
  CHECK(cudaMalloc(reinterpret_cast<void**>(&device), sizeof(int) * static_cast<std::size_t>(size + 1)) ==
        cudaSuccess);
  const int own = world_rank();
  CHECK(cudaMemcpy(device, &own, sizeof own, cudaMemcpyHostToDevice) == cudaSuccess);
  static_cast<void>(ncclAllGather(device, device + 1, 1, ncclInt32, communicator, nullptr));
  nccl::wait(communicator);
  CHECK(cudaStreamSynchronize(nullptr) == cudaSuccess);
  std::vector<int> ranks(static_cast<std::size_t>(size));
  CHECK(cudaMemcpy(ranks.data(), device + 1, sizeof(int) * ranks.size(), cudaMemcpyDeviceToHost) ==
        cudaSuccess);
  CHECK(cudaFree(device) == cudaSuccess);
  return ranks;
}

int entries(const char* folder) {
  int count = 0;
  DIR* directory = opendir(folder);
  while (readdir(directory) != nullptr) ++count;
  closedir(directory);
  return count;
}

/// Switches faults on for the length of a test.
struct Faults {
  explicit Faults(const std::string& rules) {
    setenv("RANKMESH_DOUBLE_FAULTS", rules.c_str(), 1);
    nccl_double::rankmesh_nccl_double_reset();
  }
  Faults(const Faults&) = delete;
  Faults& operator=(const Faults&) = delete;
  ~Faults() {
    unsetenv("RANKMESH_DOUBLE_FAULTS");
    nccl_double::rankmesh_nccl_double_reset();
    nccl_double::rankmesh_nccl_double_discard_ids();
  }
};

nccl::Options impatient() {
  nccl::Options options;
  options.agreement.deadline = 2s;
  options.agreement.grace = 500ms;
  return options;
}

/// The text of the error of type `Expected` that a bring-up ends with on this rank.
template <typename Expected>
std::string error_of(const ParallelConfig& config, const nccl::Options& options) {
  try {
    const Communicators groups(MPI_COMM_WORLD, config, options);
  } catch (const Expected& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("every communicator of every configuration holds its group, in order, and leaves nothing behind") {
  for (const ParallelConfig& config : valid_configs(world_size())) {
    CAPTURE(to_string(config));
    Communicators groups(MPI_COMM_WORLD, config);
    for (const KindFamily& kind : groups.topology().kinds()) {
      const auto mine = groups.at(kind.kind);
      CHECK(mine.has_communicator() == (mine.is_member() && mine.size > 1));
      if (!mine.has_communicator()) continue;
      const std::vector<int> expected = kind.family.group(*mine.group).to_vector();
      CHECK(gathered(mine.native(), mine.size) == expected);
    }
    groups.close();
    groups.close();
    CHECK_THROWS_AS(groups.at(K::data), StateError);
    CHECK(nccl_double::counters().live_communicators == 0);
    CHECK(nccl_double::counters().unconsumed_ids == 0);
  }
}

TEST_CASE("a rank makes the IDs of the groups it leads, and no communicator more than the plan") {
  const ParallelConfig config{.world_size = world_size(), .tensor = world_size() % 2 == 0 ? 2 : 1};
  const auto before = nccl_double::counters();
  Communicators groups(MPI_COMM_WORLD, config);
  const auto after = nccl_double::counters();
  int led = 0;
  for (const RankStep& step : groups.plan().for_rank(world_rank()))
    led += step.leader == world_rank() ? 1 : 0;
  CHECK(after.ids_made - before.ids_made == led);
  CHECK(after.live_communicators == groups.plan().communicator_count(world_rank()));
  groups.close();
}

TEST_CASE("threads and descriptors are back where they were") {
  { Communicators(MPI_COMM_WORLD, {.world_size = world_size()}).close(); }
  MPI_Barrier(MPI_COMM_WORLD);
  const int threads = entries("/proc/self/task");
  const int descriptors = entries("/proc/self/fd");
  for (int round = 0; round < 5; ++round) {
    Communicators groups(MPI_COMM_WORLD, {.world_size = world_size()});
    groups.close();
  }
  CHECK(entries("/proc/self/task") == threads);
  CHECK(entries("/proc/self/fd") == descriptors);
}

TEST_CASE("a leader that gets no ID ends the bring-up of all ranks with the same error") {
  if (world_size() < 2) return;
  const Faults faults("ncclGetUniqueId@0=error:2");
  const std::string text = error_of<BringUpError>({.world_size = world_size()}, impatient());
  CHECK(same_everywhere(text));
  CHECK_THAT(text,
             ContainsSubstring("step initialisation failed on 1 rank, so it is given up on all:\n  rank 0: "
                               "ncclGetUniqueId failed, making the data communicator of group 0: "));
  CHECK(nccl_double::counters().live_communicators == 0);
  MPI_Barrier(MPI_COMM_WORLD);
}

TEST_CASE("an initialisation that fails on one rank ends it on all, and what was made is aborted") {
  if (world_size() < 2) return;
  const std::string last = std::to_string(world_size() - 1);
  const Faults faults("init@" + last + "=error:3");
  const std::string text = error_of<BringUpError>({.world_size = world_size()}, impatient());
  CHECK(same_everywhere(text));
  CHECK_THAT(text,
             ContainsSubstring("\n  rank " + last + ": ncclCommInitRankConfig failed, making the data "));
  CHECK(nccl_double::counters().live_communicators == 0);
  MPI_Barrier(MPI_COMM_WORLD);
}

TEST_CASE("a rank that hangs in an initialisation is named when the deadline has passed") {
  if (world_size() < 2) return;
  const std::string last = std::to_string(world_size() - 1);
  const Faults faults("init@" + last + "=hang");
  const std::string text = error_of<DeadlineError>({.world_size = world_size()}, impatient());
  CHECK(same_everywhere(text));
  CHECK_THAT(text, ContainsSubstring("deadline missed at step initialisation: "));
  CHECK_THAT(text, ContainsSubstring(last));
  CHECK(nccl_double::counters().live_communicators == 0);
  MPI_Barrier(MPI_COMM_WORLD);
}

TEST_CASE("a slow rank is waited for") {
  const Faults faults("init@0=slow:700");
  Communicators groups(MPI_COMM_WORLD, {.world_size = world_size()}, impatient());
  CHECK(groups.plan().communicator_count(world_rank()) == (world_size() > 1 ? 1 : 0));
  groups.close();
}

TEST_CASE("ranks that share a GPU are both named, unless that is allowed") {
  if (world_size() < 2) return;
  setenv("RANKMESH_DOUBLE_DEVICES", "1", 1);
  nccl_double::rankmesh_nccl_double_reset();
  const std::string text = error_of<BringUpError>({.world_size = world_size()}, impatient());
  CHECK(same_everywhere(text));
  CHECK_THAT(text, ContainsSubstring("rank 0: shares GPU-"));
  CHECK_THAT(text,
             ContainsSubstring("with rank 1: give each rank a GPU of its own, or allow shared devices"));
  CHECK_THAT(text, ContainsSubstring("\n  rank " + std::to_string(world_size() - 1) + ": shares GPU-"));
  unsetenv("RANKMESH_DOUBLE_DEVICES");
  nccl_double::rankmesh_nccl_double_reset();
}

TEST_CASE("ranks of different versions of NCCL do not start") {
  if (world_size() < 2) return;
  if (world_rank() == 1) setenv("RANKMESH_DOUBLE_NCCL_VERSION", "21805", 1);
  nccl_double::rankmesh_nccl_double_reset();
  const std::string text = error_of<DisagreementError>({.world_size = world_size()}, impatient());
  CHECK(same_everywhere(text));
  CHECK_THAT(text, ContainsSubstring("nccl_version = "));
  CHECK_THAT(text, ContainsSubstring("21805 on rank 1"));
  unsetenv("RANKMESH_DOUBLE_NCCL_VERSION");
  nccl_double::rankmesh_nccl_double_reset();
}

TEST_CASE("an exception between bring-up and close aborts and waits for nobody") {
  const auto before = nccl_double::counters();
  try {
    const Communicators groups(MPI_COMM_WORLD, {.world_size = world_size()});
    throw std::runtime_error("unwind");
  } catch (const std::runtime_error&) {
  }
  const auto after = nccl_double::counters();
  CHECK(after.live_communicators == 0);
  CHECK(after.abort_calls - before.abort_calls == (world_size() > 1 ? 1 : 0));
  MPI_Barrier(MPI_COMM_WORLD);
}
