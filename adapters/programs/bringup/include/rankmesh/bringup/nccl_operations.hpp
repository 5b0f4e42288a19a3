#pragma once

#include <nccl.h>

#include "rankmesh/bringup/operations.hpp"

namespace rankmesh::bringup {

/// The operations in an `ncclComm_t`, on buffers in device memory. Each operation runs in its own thread,
/// because NCCL calls on a blocking communicator, and waits for a stream, have no timeout.
class NcclOperations final : public GroupOperations {
 public:
  /// @param communicator must outlive this object
  /// @param device the CUDA device of the communicator
  NcclOperations(ncclComm_t communicator, int device) noexcept
      : communicator_(communicator),
        device_(device) {}

  [[nodiscard]] int size() override;
  [[nodiscard]] int position() override;
  [[nodiscard]] std::vector<std::uint64_t> sum(const std::vector<std::uint64_t>& own,
                                               const WhileWaiting& while_waiting) override;
  [[nodiscard]] std::vector<int> gather(int own, const WhileWaiting& while_waiting) override;

 private:
  ncclComm_t communicator_;
  int device_;
};

}  // namespace rankmesh::bringup
