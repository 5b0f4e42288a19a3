#include "rankmesh/bringup/nccl_operations.hpp"

#include <cuda_runtime_api.h>

#include <chrono>
#include <functional>

#include "rankmesh/nccl/communicators.hpp"
#include "rankmesh/nccl/error.hpp"
#include "rankmesh/nccl/stream.hpp"
#include "run_in_thread.hpp"

namespace rankmesh::bringup {
namespace {

using namespace std::chrono_literals;

void require_success(cudaError_t result, const char* call) {
  if (result == cudaSuccess) return;
  throw nccl::NcclError({.call = call, .code = static_cast<int>(result), .text = cudaGetErrorString(result)});
}

void require_success(ncclResult_t result, const char* call) {
  if (result == ncclSuccess || result == ncclInProgress) return;
  throw nccl::NcclError({.call = call, .code = static_cast<int>(result), .text = ncclGetErrorString(result)});
}

/// A buffer in device memory.
template <typename Value>
class DeviceBuffer {
 public:
  explicit DeviceBuffer(std::size_t count) : count_(count) {
    require_success(cudaMalloc(&memory_, count * sizeof(Value)), "cudaMalloc");
  }
  DeviceBuffer(const DeviceBuffer&) = delete;
  DeviceBuffer& operator=(const DeviceBuffer&) = delete;
  ~DeviceBuffer() { cudaFree(memory_); }

  [[nodiscard]] void* get() const noexcept { return memory_; }
  void fill(const std::vector<Value>& values, cudaStream_t stream) {
    require_success(
        cudaMemcpyAsync(memory_, values.data(), count_ * sizeof(Value), cudaMemcpyHostToDevice, stream),
        "cudaMemcpyAsync");
  }
  [[nodiscard]] std::vector<Value> values(cudaStream_t stream) const {
    std::vector<Value> values(count_);
    require_success(
        cudaMemcpyAsync(values.data(), memory_, count_ * sizeof(Value), cudaMemcpyDeviceToHost, stream),
        "cudaMemcpyAsync");
    require_success(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
    return values;
  }

 private:
  void* memory_ = nullptr;
  std::size_t count_;
};

nccl::UniqueStream make_stream() {
  cudaStream_t stream = nullptr;
  require_success(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
  return nccl::UniqueStream::from_native_handle(stream);
}

/// The communicator of a collective, and its device.
struct Target {
  ncclComm_t communicator;
  int device;
};

/// Runs a collective on device memory and returns what this rank receives.
/// @param count the number of values to receive
/// @param start starts the collective: called with the send buffer, the receive buffer and the stream
template <typename Value, typename Start>
std::vector<Value> run_collective(Target target, const std::vector<Value>& own, std::size_t count,
                                  const char* call, const Start& start) {
  require_success(cudaSetDevice(target.device), "cudaSetDevice");
  const nccl::UniqueStream stream = make_stream();
  DeviceBuffer<Value> sent(own.size());
  const DeviceBuffer<Value> received(count);
  sent.fill(own, stream.native());
  require_success(start(sent.get(), received.get(), stream.native()), call);
  // The thread that waits for this one has the deadline.
  nccl::wait(target.communicator, 24h);
  return received.values(stream.native());
}

}  // namespace

int NcclOperations::size() {
  int size = 0;
  require_success(ncclCommCount(communicator_, &size), "ncclCommCount");
  return size;
}

int NcclOperations::position() {
  int position = 0;
  require_success(ncclCommUserRank(communicator_, &position), "ncclCommUserRank");
  return position;
}

std::vector<std::uint64_t> NcclOperations::sum(const std::vector<std::uint64_t>& own,
                                               const WhileWaiting& while_waiting) {
  const Target target{communicator_, device_};
  const auto work = [target, own] {
    return run_collective(
        target, own, own.size(), "ncclAllReduce", [&](const void* from, void* to, cudaStream_t stream) {
          return ncclAllReduce(from, to, own.size(), ncclUint64, ncclSum, target.communicator, stream);
        });
  };
  return run_in_thread(std::function<std::vector<std::uint64_t>()>(work), while_waiting);
}

std::vector<int> NcclOperations::gather(int own, const WhileWaiting& while_waiting) {
  const Target target{communicator_, device_};
  const auto count = static_cast<std::size_t>(size());
  const auto work = [target, own, count] {
    return run_collective(target, std::vector{own}, count, "ncclAllGather",
                          [&](const void* from, void* to, cudaStream_t stream) {
                            return ncclAllGather(from, to, 1, ncclInt32, target.communicator, stream);
                          });
  };
  return run_in_thread(std::function<std::vector<int>()>(work), while_waiting);
}

}  // namespace rankmesh::bringup
