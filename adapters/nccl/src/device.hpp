#pragma once

#include <optional>
#include <string>

#include "rankmesh/comm/bootstrap.hpp"

namespace rankmesh::nccl {

/// The device that a caller asks for.
struct DeviceRequest {
  std::optional<int> device{};
  bool allow_shared = false;
  /// Whether this process uses a device. If not, it makes no call of CUDA.
  bool is_needed = true;
};

/// The device of this process, or why it has none.
struct DeviceChoice {
  int device = 0;
  /// Empty if the device can be used.
  std::string problem{};
};

/// Chooses the device of this process (by default the number of the process on its node, modulo the devices
/// it sees), makes it the current one, and compares the GPUs of the node by their UUIDs: device numbers
/// cannot be compared if a scheduler shows each process its own GPU. A failure is a problem of the result and
/// no exception, so that all ranks get through the collective calls.
/// @collective over the ranks of the job
[[nodiscard]] DeviceChoice choose_device(Bootstrap& bootstrap, int rank, const DeviceRequest& request);

/// The same without the others: takes the device that is asked for, and compares it with none.
[[nodiscard]] DeviceChoice take_device(const DeviceRequest& request);

}  // namespace rankmesh::nccl
