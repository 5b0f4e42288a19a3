#pragma once

#include <cuda_runtime_api.h>
#include <nccl.h>

#include <cstdint>
#include <optional>
#include <string>

#include "rankmesh/topology/topology.hpp"

namespace rankmesh::bench {

/// What is wrong with a communicator, naming kind, group and ranks; empty where nothing is.
struct Findings {
  std::string members{};
  std::string order{};
};

/// Proves by NCCL's own collectives, on numbers in the memory of the GPU, that a communicator is the group it
/// should be: ncclAllReduce sums hashes of the members' ranks, ncclAllGather lists the ranks by position.
class Prover {
 public:
  /// @param world_size no communicator may be larger
  /// @throws nccl::NcclError, as all functions here
  Prover(int rank, int world_size);
  Prover(const Prover&) = delete;
  Prover& operator=(const Prover&) = delete;
  ~Prover();

  /// Whether this rank has a communicator where it should, and none where it should not; without
  /// communication.
  /// @param needs_singletons whether groups of one should have one
  [[nodiscard]] std::string check_presence(const KindFamily& kind, const std::optional<ncclComm_t>& mine,
                                           bool needs_singletons) const;
  /// @param mine whose presence was checked, on all ranks
  /// @collective over the members of the communicator
  [[nodiscard]] Findings prove(const KindFamily& kind, const std::optional<ncclComm_t>& mine);

 private:
  [[nodiscard]] std::uint64_t sum_of_hashes(ncclComm_t communicator);
  [[nodiscard]] std::vector<int> ranks_by_position(ncclComm_t communicator, int size);
  void finish(ncclResult_t enqueued, const char* call, ncclComm_t communicator);

  int rank_;
  int world_size_;
  cudaStream_t stream_ = nullptr;
  /// One word that is sent, then as many as there are ranks that are received.
  std::uint64_t* words_ = nullptr;
};

}  // namespace rankmesh::bench
