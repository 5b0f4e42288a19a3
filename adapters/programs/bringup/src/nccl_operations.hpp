#pragma once

#include <nccl.h>

#include <cstddef>

#include "rankmesh/bringup/operations.hpp"

namespace rankmesh::bringup {

/// The operations in an `ncclComm_t`, on buffers in device memory. Each runs in a thread of its own, since a
/// blocking communicator, and every stream, waits for the other members however long that takes.
class NcclOperations final : public GroupOperations {
 public:
  /// @param communicator must outlive this
  /// @param device that of the communicator
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
