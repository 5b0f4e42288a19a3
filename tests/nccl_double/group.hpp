#pragma once

#include <nccl.h>

#include <functional>

namespace rankmesh::tests::nccl_double {

/// The work of one call.
struct Work {
  ncclComm_t communicator = nullptr;
  std::function<ncclResult_t()> run;
  /// Called instead of `run` when the group fails before it starts.
  std::function<void()> drop = [] {};
  /// The communicator is gone after `run`, which is never left to a worker.
  bool ends_communicator = false;
};

/// Runs the work now, or at the end of the group that the thread is in. Work on a non-blocking communicator
/// goes on in a worker thread.
[[nodiscard]] ncclResult_t launch(Work work);

/// Passes a result on to the caller; an error inside a group makes the group fail.
ncclResult_t noted(ncclResult_t result);

}  // namespace rankmesh::tests::nccl_double
