#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

namespace rankmesh::nccl_double {

/// The memory of each device, in bytes.
inline constexpr std::size_t device_memory = std::size_t{80} << 30;

/// Stores an error for cudaGetLastError, and returns it.
cudaError_t remember(cudaError_t error);

/// Carries out the requested fault in a call of the CUDA runtime, and stores its error; cudaSuccess for none.
[[nodiscard]] cudaError_t runtime_fault(const char* name);

}  // namespace rankmesh::nccl_double
