#pragma once

#include <chrono>
#include <span>

#include "rankmesh/nccl/communicators.hpp"
#include "rankmesh/nccl/stream.hpp"

namespace rankmesh::nccl {

/// Proves communicators by sums that only their members can give. Has a stream of its own and a few bytes of
/// device memory from the beginning: a call that makes them could wait for what another rank does not do.
class Proof {
 public:
  /// @throws NcclError if the device has no room
  explicit Proof(int device);
  Proof(const Proof&) = delete;
  Proof& operator=(const Proof&) = delete;
  /// Every communicator whose proof did not end must be aborted before.
  ~Proof();

  /// Proves all communicators of this rank, one after another.
  /// @param limit for all of them
  /// @collective over the ranks
  /// @throws Error, NcclError why one does not work
  void run(const Communicators& made, std::span<const int> process_of_rank, std::chrono::nanoseconds limit);

 private:
  int device_;
  UniqueStream stream_{};
  /// Two sums: what this rank adds, and what it receives.
  void* memory_ = nullptr;
};

}  // namespace rankmesh::nccl
