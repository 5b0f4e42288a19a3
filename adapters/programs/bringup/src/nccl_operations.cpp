#include "nccl_operations.hpp"

#include <cuda_runtime_api.h>

#include <chrono>
#include <future>
#include <thread>
#include <utility>

#include "rankmesh/nccl/communicators.hpp"
#include "rankmesh/nccl/error.hpp"
#include "rankmesh/nccl/stream.hpp"

namespace rankmesh::bringup {
namespace {

using namespace std::chrono_literals;

void require_success(cudaError_t result, const char* call) {
  if (result == cudaSuccess) return;
  throw nccl::NcclError({.call = call, .code = static_cast<int>(result), .text = cudaGetErrorString(result)});
}

void require_success(ncclResult_t result, const char* call) {
  // ncclInProgress, which headers before 2.14 do not have.
  constexpr auto in_progress = static_cast<ncclResult_t>(7);
  if (result == ncclSuccess || result == in_progress) return;
  throw nccl::NcclError({.call = call, .code = static_cast<int>(result), .text = ncclGetErrorString(result)});
}

/// Device memory for some values.
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

/// Where and with what a collective works.
struct Place {
  ncclComm_t communicator;
  int device;
};

/// Sends values through a collective and waits for what comes back, in the thread of the caller.
/// @param collective called with the memory to send and to receive, and the stream; starts the collective
template <typename Value, typename Collective>
std::vector<Value> exchange(Place place, const std::vector<Value>& own, std::size_t count, const char* call,
                            const Collective& collective) {
  require_success(cudaSetDevice(place.device), "cudaSetDevice");
  const nccl::UniqueStream stream = make_stream();
  DeviceBuffer<Value> sent(own.size());
  const DeviceBuffer<Value> received(count);
  sent.fill(own, stream.native());
  require_success(collective(sent.get(), received.get(), stream.native()), call);
  // Whoever waits for this thread has the deadline.
  nccl::wait(place.communicator, 24h);
  return received.values(stream.native());
}

/// Does some work in another thread, which is left to itself where waiting for it is broken off.
template <typename Work>
auto elsewhere(Work work, const WhileWaiting& while_waiting) {
  std::packaged_task task(std::move(work));
  auto result = task.get_future();
  std::thread thread(std::move(task));
  try {
    while (result.wait_for(0s) != std::future_status::ready) while_waiting();
  } catch (...) {
    thread.detach();
    throw;
  }
  thread.join();
  return result.get();
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
  const Place place{communicator_, device_};
  return elsewhere(std::function<std::vector<std::uint64_t>()>([place, own] {
                     return exchange(place, own, own.size(), "ncclAllReduce",
                                     [&](const void* from, void* to, cudaStream_t stream) {
                                       return ncclAllReduce(from, to, own.size(), ncclUint64, ncclSum,
                                                            place.communicator, stream);
                                     });
                   }),
                   while_waiting);
}

std::vector<int> NcclOperations::gather(int own, const WhileWaiting& while_waiting) {
  const Place place{communicator_, device_};
  const auto count = static_cast<std::size_t>(size());
  return elsewhere(std::function<std::vector<int>()>([place, own, count] {
                     return exchange(place, std::vector{own}, count, "ncclAllGather",
                                     [&](const void* from, void* to, cudaStream_t stream) {
                                       return ncclAllGather(from, to, 1, ncclInt32, place.communicator,
                                                            stream);
                                     });
                   }),
                   while_waiting);
}

}  // namespace rankmesh::bringup
