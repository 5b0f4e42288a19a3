#pragma once

#include <cuda_runtime_api.h>

#include <array>
#include <memory>

namespace rankmesh::nccl_double {

using Uuid = std::array<char, 16>;

/// The number of devices that this process sees.
[[nodiscard]] int device_count();

/// The thread's current device.
[[nodiscard]] int current_device();

/// @param device one that the process sees
[[nodiscard]] Uuid device_uuid(int device);

/// Marks work on a stream as in progress until the last copy of the returned pointer is destroyed.
[[nodiscard]] std::shared_ptr<void> begin_work(cudaStream_t stream);

}  // namespace rankmesh::nccl_double
