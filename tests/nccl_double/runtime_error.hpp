#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

namespace rankmesh::tests::nccl_double {

/// The memory that each device claims to have.
inline constexpr std::size_t device_memory = std::size_t{80} << 30;

/// Keeps an error for cudaGetLastError, and gives it back.
cudaError_t remember(cudaError_t error);

/// The fault asked for in a call of the CUDA runtime, remembered; cudaSuccess for none.
[[nodiscard]] cudaError_t runtime_fault(const char* name);

}  // namespace rankmesh::tests::nccl_double
