#include "proof.hpp"

#include <cuda_runtime_api.h>
#include <nccl.h>

#include <string>
#include <thread>

#include "library.hpp"
#include "rankmesh/comm/prove_groups.hpp"
#include "rankmesh/comm/time_after.hpp"
#include "rankmesh/nccl/error.hpp"

namespace rankmesh::nccl {
namespace {

void require_success(cudaError_t result, const char* call, std::optional<GroupKind> kind = {}) {
  if (result == cudaSuccess) return;
  throw NcclError(
      {.call = call, .code = static_cast<int>(result), .text = cudaGetErrorString(result), .kind = kind});
}

void require_success(ncclResult_t result, const char* call, GroupKind kind) {
  if (!is_failure(result)) return;
  throw NcclError(
      {.call = call, .code = static_cast<int>(result), .text = ncclGetErrorString(result), .kind = kind});
}

}  // namespace

Proof::Proof(int device) : device_(device) {
  require_success(cudaSetDevice(device_), "cudaSetDevice");
  cudaStream_t stream = nullptr;
  require_success(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
  stream_ = UniqueStream::from_native_handle(stream);
  require_success(cudaMalloc(&memory_, 2 * sizeof(MembershipSum)), "cudaMalloc");
}

Proof::~Proof() {
  cudaFree(memory_);
}

void Proof::run(const Communicators& made, std::span<const int> process_of_rank,
                std::chrono::nanoseconds limit) {
  require_success(cudaSetDevice(device_), "cudaSetDevice");
  const auto until = time_after(std::chrono::steady_clock::now(), limit);
  const int process = process_of_rank[static_cast<std::size_t>(made.rank())];
  void* const sent = memory_;
  void* const received = static_cast<char*>(memory_) + sizeof(MembershipSum);
  prove_groups(made, process_of_rank, [&](GroupKind kind, ncclComm_t native) {
    int position = 0;
    require_success(ncclCommUserRank(native, &position), "ncclCommUserRank", kind);
    MembershipSum sum = membership_hashes(process, position);
    const cudaStream_t stream = stream_.native();
    require_success(cudaMemcpyAsync(sent, sum.data(), sizeof(sum), cudaMemcpyHostToDevice, stream),
                    "cudaMemcpyAsync", kind);
    require_success(ncclAllReduce(sent, received, sum.size(), ncclUint64, ncclSum, native, stream),
                    "ncclAllReduce", kind);
    // A copy into memory that is not pinned would wait without a limit: first everything before it is done.
    for (;;) {
      ncclResult_t started = ncclSuccess;
      require_success(ncclCommGetAsyncError(native, &started), "ncclCommGetAsyncError", kind);
      require_success(started, "ncclAllReduce", kind);
      const cudaError_t done = cudaStreamQuery(stream);
      if (started == ncclSuccess && done == cudaSuccess) break;
      if (done != cudaErrorNotReady) require_success(done, "cudaStreamQuery", kind);
      if (std::chrono::steady_clock::now() >= until) {
        throw Error("a sum in the " + std::string(kind.name()) + " communicator did not end");
      }
      std::this_thread::sleep_for(std::chrono::microseconds(20));
    }
    require_success(cudaMemcpyAsync(sum.data(), received, sizeof(sum), cudaMemcpyDeviceToHost, stream),
                    "cudaMemcpyAsync", kind);
    require_success(cudaStreamSynchronize(stream), "cudaStreamSynchronize", kind);
    return sum;
  });
}

}  // namespace rankmesh::nccl
