#include "rankmesh/nccl/communicator.hpp"

#include <cuda_runtime_api.h>

namespace rankmesh::nccl {

void CommunicatorTraits::destroy(ncclComm_t communicator, bool unwinding) noexcept {
  int device = 0;
  if (cudaGetDevice(&device) == cudaErrorCudartUnloading) return;
  ncclResult_t state = ncclSuccess;
  const bool is_at_rest = ncclCommGetAsyncError(communicator, &state) == ncclSuccess && state == ncclSuccess;
  if (unwinding || !is_at_rest) {
    ncclCommAbort(communicator);
  } else {
    ncclCommDestroy(communicator);
  }
}

}  // namespace rankmesh::nccl
