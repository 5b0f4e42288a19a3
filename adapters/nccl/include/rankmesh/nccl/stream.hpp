#pragma once

#include <cuda_runtime_api.h>

#include "rankmesh/comm/unique_handle.hpp"
#include "rankmesh/nccl/export.hpp"

namespace RANKMESH_NCCL_API rankmesh {
namespace nccl {

/// How `UniqueHandle` owns a `cudaStream_t`.
struct StreamTraits {
  /// The type of CUDA.
  using Native = cudaStream_t;

  /// The value that means no stream.
  [[nodiscard]] static cudaStream_t empty() noexcept { return nullptr; }
  /// Destroys the stream; work that was queued on it still completes. Does nothing after the CUDA driver was
  /// unloaded.
  static void destroy(cudaStream_t stream, bool unwinding) noexcept;
};

/// The owner of one `cudaStream_t`, move-only.
using UniqueStream = UniqueHandle<StreamTraits>;

}  // namespace nccl
}  // namespace rankmesh
