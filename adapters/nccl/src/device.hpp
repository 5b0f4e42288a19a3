#pragma once

#include <mpi.h>

#include <optional>
#include <string>

namespace rankmesh::nccl {

/// Which device a process may use.
struct DeviceRequest {
  std::optional<int> device{};
  bool allow_shared = false;
};

/// The device of this process, or why it has none.
struct DeviceChoice {
  int device = 0;
  /// Empty if all is well.
  std::string problem{};
};

/// Chooses the device of this process, its number in its node modulo the devices it sees, makes it the
/// current one, and compares the GPUs of the node by their UUIDs: the numbers mean nothing where a scheduler
/// shows each process its own. Never throws, so that all ranks come through the collective calls.
/// @collective over `communicator`
[[nodiscard]] DeviceChoice choose_device(MPI_Comm communicator, int rank, const DeviceRequest& request);

}  // namespace rankmesh::nccl
