#pragma once

#include <nccl.h>

#include <functional>

namespace rankmesh::nccl_double {

/// The work of one call.
struct Work {
  ncclComm_t communicator = nullptr;
  std::function<ncclResult_t()> run;
  /// Called instead of `run` if the group fails before it starts.
  std::function<void()> drop = [] {};
  /// Whether `run` deletes the communicator. It then runs in the caller's thread.
  bool ends_communicator = false;
};

/// Runs the work now, or at the end of the current group of the thread. Work on a non-blocking communicator
/// runs in its worker thread.
[[nodiscard]] ncclResult_t launch(Work work);

/// Returns `result`. If it is an error inside a group, the group fails.
ncclResult_t noted(ncclResult_t result);

}  // namespace rankmesh::nccl_double
