#pragma once

#include <nccl.h>

#include "rankmesh/comm/unique_handle.hpp"
#include "rankmesh/nccl/export.hpp"

namespace RANKMESH_NCCL_API rankmesh {
namespace nccl {

/// How `UniqueHandle` owns an `ncclComm_t`.
struct CommunicatorTraits {
  /// The type of NCCL.
  using Native = ncclComm_t;

  /// The value that means no communicator.
  [[nodiscard]] static ncclComm_t empty() noexcept { return nullptr; }
  /// Destroys a communicator that is at rest. Aborts one that is in progress, has an error, or is destroyed
  /// while an exception unwinds the stack: destruction waits for the other members, which may never call it.
  /// Does nothing after the CUDA driver was unloaded.
  static void destroy(ncclComm_t communicator, bool unwinding) noexcept;
};

/// The owner of one `ncclComm_t`, move-only.
/// @collective destruction and `reset` are, over the members of the communicator, unless they abort
using Communicator = UniqueHandle<CommunicatorTraits>;

}  // namespace nccl
}  // namespace rankmesh
