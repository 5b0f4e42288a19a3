#pragma once

#include <cuda_runtime_api.h>
#include <nccl.h>

#include <cstddef>
#include <string>
#include <vector>

#include "rankmesh/comm/rank_set.hpp"
#include "rankmesh/nccl/communicators.hpp"

namespace rankmesh::tests {

/// The ranks of the members of a communicator, by position: each member contributes its own.
inline std::string gathered(ncclComm_t communicator, int size, int own) {
  std::vector<int> ranks(static_cast<std::size_t>(size), -1);
  int* device = nullptr;
  if (cudaMalloc(reinterpret_cast<void**>(&device), sizeof(int) * (ranks.size() + 1)) != cudaSuccess)
    return "no memory";
  static_cast<void>(cudaMemcpy(device, &own, sizeof own, cudaMemcpyHostToDevice));
  static_cast<void>(ncclAllGather(device, device + 1, 1, ncclInt32, communicator, nullptr));
  nccl::wait(communicator);
  static_cast<void>(cudaStreamSynchronize(nullptr));
  static_cast<void>(cudaMemcpy(ranks.data(), device + 1, sizeof(int) * ranks.size(), cudaMemcpyDeviceToHost));
  static_cast<void>(cudaFree(device));
  std::string text;
  for (const int rank : ranks) text += " " + std::to_string(rank);
  return text;
}

/// The communicators of this rank: a line for each kind, with the members as they say they are.
inline std::string groups_text(const nccl::Communicators& groups) {
  std::string text = "device " + std::to_string(groups.device()) + "\n";
  for (const KindFamily& kind : groups.topology().kinds()) {
    const nccl::KindView mine = groups.at(kind.kind);
    if (!mine.has_communicator()) continue;
    text += std::string(kind.kind.name()) + " " + std::to_string(*mine.group) + ":" +
            gathered(mine.native(), mine.size, groups.rank()) + "\n";
  }
  return text;
}

/// The layouts that are tried with so many ranks.
inline std::vector<ParallelConfig> layouts(int size) {
  std::vector<ParallelConfig> all = {{.world_size = size}};
  if (size % 2 == 0) all.push_back({.world_size = size, .tensor = 2});
  if (size % 4 == 0) all.push_back({.world_size = size, .tensor = 2, .pipeline = 2, .fp8 = true});
  return all;
}

}  // namespace rankmesh::tests
