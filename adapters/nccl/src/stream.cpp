#include "rankmesh/nccl/stream.hpp"

namespace rankmesh::nccl {

void StreamTraits::destroy(cudaStream_t stream, bool /*unwinding*/) noexcept {
  int device = 0;
  if (cudaGetDevice(&device) != cudaErrorCudartUnloading) cudaStreamDestroy(stream);
}

}  // namespace rankmesh::nccl
