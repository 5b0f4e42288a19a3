#pragma once

#include <cuda_runtime_api.h>

#include "rankmesh/comm/unique_handle.hpp"
#include "rankmesh/nccl/export.hpp"

namespace RANKMESH_NCCL_API rankmesh {
namespace nccl {

/// How a `cudaStream_t` is owned.
struct StreamTraits {
  /// What CUDA calls it.
  using Native = cudaStream_t;

  /// What stands for none.
  [[nodiscard]] static cudaStream_t empty() noexcept { return nullptr; }
  /// Destroys the stream; its work goes on. Does nothing once the CUDA driver is gone.
  static void destroy(cudaStream_t stream, bool unwinding) noexcept;
};

/// The owner of one `cudaStream_t`, move-only.
using UniqueStream = UniqueHandle<StreamTraits>;

}  // namespace nccl
}  // namespace rankmesh
