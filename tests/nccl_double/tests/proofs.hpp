#pragma once

/// @file
/// Checks of the members of a communicator and their order.

#include <cuda_runtime_api.h>
#include <nccl.h>

#include <cstdint>
#include <vector>

#include "processes.hpp"

namespace rankmesh::tests {

/// A configuration of a non-blocking communicator.
[[nodiscard]] inline ncclConfig_t nonblocking() {
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  return config;
}

/// Reduces one number over the ranks. If that fails, records a failure and returns 0.
template <typename T>
[[nodiscard]] T all_reduce(Process& process, ncclComm_t communicator, T value, ncclDataType_t type,
                           ncclRedOp_t operation = ncclSum) {
  T result{};
  ncclResult_t enqueued = ncclAllReduce(&value, &result, 1, type, operation, communicator, nullptr);
  if (enqueued == ncclInProgress) enqueued = settle(communicator);
  process.check(ncclSuccess, enqueued);
  process.check(cudaStreamSynchronize(nullptr) == cudaSuccess);
  return result;
}

/// The job ranks of the members of a communicator, in its order.
[[nodiscard]] inline std::vector<int> members(Process& process, ncclComm_t communicator) {
  int count = 0;
  process.check(ncclSuccess, ncclCommCount(communicator, &count));
  std::vector<int> result(static_cast<std::size_t>(count), -1);
  const int own = process.rank();
  ncclResult_t enqueued = ncclAllGather(&own, result.data(), 1, ncclInt32, communicator, nullptr);
  if (enqueued == ncclInProgress) enqueued = settle(communicator);
  process.check(ncclSuccess, enqueued);
  process.check(cudaStreamSynchronize(nullptr) == cudaSuccess);
  return result;
}

/// Checks that a communicator contains exactly these job ranks, in this order.
inline void prove(Process& process, ncclComm_t communicator, const std::vector<int>& expected) {
  process.check(members(process, communicator) == expected);
  std::uint64_t bits = 0;
  for (const int rank : expected) bits += std::uint64_t{1} << rank;
  process.check(all_reduce(process, communicator, std::uint64_t{1} << process.rank(), ncclUint64) == bits);
  int position = -1;
  process.check(ncclSuccess, ncclCommUserRank(communicator, &position));
  process.check(expected.at(static_cast<std::size_t>(position)) == process.rank());
}

/// 0, 1, ... size - 1
[[nodiscard]] inline std::vector<int> all_ranks(int size) {
  std::vector<int> result;
  for (int rank = 0; rank < size; ++rank) result.push_back(rank);
  return result;
}

/// A blocking communicator of all processes.
[[nodiscard]] inline ncclComm_t world(Process& process, int slot = 0) {
  ncclComm_t result = nullptr;
  process.check(ncclSuccess, ncclCommInitRank(&result, process.size(), process.id(slot), process.rank()));
  return result;
}

/// A non-blocking communicator of all processes.
[[nodiscard]] inline ncclComm_t polled_world(Process& process, int slot = 0) {
  ncclConfig_t config = nonblocking();
  ncclComm_t result = nullptr;
  process.check(ncclInProgress,
                ncclCommInitRankConfig(&result, process.size(), process.id(slot), process.rank(), &config));
  process.check(ncclSuccess, settle(result));
  return result;
}

inline void close(Process& process, ncclComm_t communicator) {
  ncclResult_t finalized = ncclCommFinalize(communicator);
  if (finalized == ncclInProgress) finalized = settle(communicator);
  process.check(ncclSuccess, finalized);
  process.check(ncclSuccess, ncclCommDestroy(communicator));
}

}  // namespace rankmesh::tests
