#pragma once

#include <nccl.h>

#include <vector>

#include "rankmesh/nccl/communicator.hpp"

namespace rankmesh::nccl {

/// Whether ncclCommShrink can be called: the header that rankmesh was compiled with and the library have it.
/// @param library_version the oldest library of the ranks that will call it
[[nodiscard]] bool has_shrink(int library_version) noexcept;

/// A communicator that NCCL makes from an older one, its parent, whose remaining members keep their order.
/// The operations of the parent end first. NCCL refuses a parent that has an error.
class Shrink {
 public:
  /// @param parent is aborted with this object: its lost members would never take part in its destruction
  explicit Shrink(Communicator parent) noexcept : parent_(parent.release()) {}
  Shrink(const Shrink&) = delete;
  Shrink& operator=(const Shrink&) = delete;
  /// Aborts the parent, and the new communicator unless it was taken, without waiting for another rank.
  ~Shrink();

  /// Begins ncclCommShrink.
  /// @param lost the positions in the parent of the members that the new communicator lacks; not empty
  /// @param config null: that of the parent, with the pointer to its name
  /// @return what the call returns; ncclInvalidUsage if the NCCL that rankmesh was compiled with has no
  /// shrink
  /// @collective over the remaining members
  [[nodiscard]] ncclResult_t begin(std::vector<int> lost, ncclConfig_t* config);
  /// Whether the communicator is done (ncclSuccess), ncclInProgress, or why it failed. Does not wait.
  [[nodiscard]] ncclResult_t state() const noexcept;
  /// The communicator, once it is done.
  [[nodiscard]] Communicator take() noexcept;

 private:
  ncclComm_t parent_;
  /// NCCL writes it when the shrink is done, so its address stays.
  ncclComm_t made_ = nullptr;
};

}  // namespace rankmesh::nccl
