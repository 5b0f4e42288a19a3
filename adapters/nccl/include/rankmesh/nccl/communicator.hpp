#pragma once

#include <nccl.h>

#include "rankmesh/comm/unique_handle.hpp"
#include "rankmesh/nccl/export.hpp"

namespace RANKMESH_NCCL_API rankmesh {
namespace nccl {

/// How an `ncclComm_t` is owned.
struct CommunicatorTraits {
  /// What NCCL calls it.
  using Native = ncclComm_t;

  /// What stands for none.
  [[nodiscard]] static ncclComm_t empty() noexcept { return nullptr; }
  /// Destroys a communicator that is at rest. Aborts one that is in progress, has an error, or is destroyed
  /// while an exception unwinds the stack: destruction waits for the other members, and they may never come.
  /// Does nothing once the CUDA driver is gone.
  static void destroy(ncclComm_t communicator, bool unwinding) noexcept;
};

/// The owner of one `ncclComm_t`, move-only.
/// @collective destruction and `reset` are, over the members of the communicator, unless they abort
using Communicator = UniqueHandle<CommunicatorTraits>;

}  // namespace nccl
}  // namespace rankmesh
