#pragma once

#include <cuda_runtime_api.h>
#include <dirent.h>
#include <mpi.h>
#include <nccl.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "adapters/mpi/support.hpp"
#include "rankmesh/nccl/communicators.hpp"
#include "rankmesh/nccl_double.hpp"
#include "support/catch.hpp"

namespace rankmesh::tests {

using namespace std::chrono_literals;

/// Gathers the ranks of a communicator's members by position: proves membership and order alike.
inline std::vector<int> gathered(ncclComm_t communicator, int size) {
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

inline int entries(const char* folder) {
  int count = 0;
  DIR* directory = opendir(folder);
  while (readdir(directory) != nullptr) ++count;
  closedir(directory);
  return count;
}

/// The same once it has not changed for a while: threads of the stand-in end a moment after they were needed.
inline int settled_entries(const char* folder) {
  int count = entries(folder);
  for (int unchanged = 0; unchanged < 20; ++unchanged) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    if (const int now = entries(folder); now != count) {
      count = now;
      unchanged = 0;
    }
  }
  return count;
}

using Steer = nccl_double::ScopedSetting;
using Faults = nccl_double::ScopedFaults;

/// Options for a bring-up that ends with a failure, long before the deadline. No rank hangs, so nothing waits
/// for the grace period: it covers ranks that a busy machine delays.
inline nccl::Options patient() {
  nccl::Options options;
  options.bring_up.timeouts = {.deadline = 60s, .grace = 20s};
  return options;
}

/// Options for a bring-up that ends when the deadline passes: no shorter than what all ranks need to come to
/// where it hangs.
inline nccl::Options impatient() {
  nccl::Options options;
  options.bring_up.timeouts = {.deadline = world_size() < 8 ? 2s : 5s, .grace = 500ms};
  return options;
}

/// How a bring-up ended on this rank.
struct Ending {
  std::string text = "no error";
  /// Whether the error is of the type that was expected.
  bool is_expected = false;
  int abandoned_identifiers = 0;
};

/// Brings up and closes again.
/// @tparam Expected the error that is expected
template <typename Expected>
Ending ending_of(const ParallelConfig& config, const nccl::Options& options) {
  try {
    nccl::Communicators groups(MPI_COMM_WORLD, config, options);
    groups.close();
  } catch (const InterruptedError& error) {
    const bool is_expected = dynamic_cast<const Expected*>(&error) != nullptr;
    return {error.what(), is_expected, error.abandoned_identifiers()};
  } catch (const Error& error) {
    return {error.what(), dynamic_cast<const Expected*>(&error) != nullptr, 0};
  }
  return {};
}

/// The IDs whose thread still runs, once no more than these are expected to. A thread ends a moment after the
/// initialisation that completed its group.
inline std::int64_t unconsumed_ids(std::int64_t expected) {
  for (int moment = 0; moment < 10000 && nccl_double::counters().unconsumed_ids > expected; ++moment) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return nccl_double::counters().unconsumed_ids;
}

/// Checks that a bring-up ends with the same error of a type on all ranks, and leaves nothing behind but what
/// the error counts. Returns its text.
/// @param gives_up whether the thread of an ID may have ended by itself, since it saw what is wrong
template <typename Expected>
std::string common_error(const ParallelConfig& config, const nccl::Options& options, bool gives_up = false) {
  const auto before = nccl_double::counters();
  const Ending ending = ending_of<Expected>(config, options);
  CAPTURE(ending.text);
  CHECK(ending.is_expected);
  CHECK(same_everywhere(ending.text));
  CHECK(nccl_double::counters().live_communicators == 0);
  CHECK(nccl_double::counters().live_streams == 0);
  const auto left =
      unconsumed_ids(before.unconsumed_ids + ending.abandoned_identifiers) - before.unconsumed_ids;
  CHECK(left <= ending.abandoned_identifiers);
  if (!gives_up) CHECK(left == ending.abandoned_identifiers);
  MPI_Barrier(MPI_COMM_WORLD);
  return ending.text;
}

/// The ways to make communicators.
struct Way {
  nccl::Strategy strategy = nccl::Strategy::unique_id;
  bool blocking = false;

  void apply(nccl::Options& options) const {
    options.strategy = strategy;
    options.blocking = blocking;
  }
  [[nodiscard]] std::string name() const {
    return std::string(nccl::to_string(strategy)) + (blocking ? ", blocking" : ", non-blocking");
  }
};

/// All of them.
inline const std::vector<Way> ways = {
    {nccl::Strategy::unique_id, true},  {nccl::Strategy::mpi_split, true},
    {nccl::Strategy::unique_id, false}, {nccl::Strategy::mpi_split, false},
    {nccl::Strategy::nccl_split, true}, {nccl::Strategy::nccl_split, false},
};

}  // namespace rankmesh::tests
