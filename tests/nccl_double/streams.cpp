// Streams. Only collectives on non-blocking communicators are asynchronous; all other work is complete when
// the call returns.
#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>

#include "counters.hpp"
#include "devices.hpp"
#include "runtime_error.hpp"

namespace rankmesh::nccl_double {

/// The work in progress on one stream.
struct Pending {
  int works = 0;
};

}  // namespace rankmesh::nccl_double

/// The object behind a cudaStream_t.
struct CUstream_st {
  unsigned int flags = 0;
  int priority = 0;
  std::shared_ptr<rankmesh::nccl_double::Pending> pending =
      std::make_shared<rankmesh::nccl_double::Pending>();
};

namespace rankmesh::nccl_double {

namespace {

struct Streams {
  std::mutex mutex;
  std::condition_variable changed;
  std::set<cudaStream_t> all;
  CUstream_st standard;
  int works = 0;
};

Streams& streams() {
  static Streams* const instance =
      new Streams;  // never deleted, because threads may use it while the process exits
  return *instance;
}

/// The stream of a handle; null if there is none. The caller must hold the mutex.
CUstream_st* find(cudaStream_t stream) {
  if (stream == nullptr || stream == cudaStreamLegacy || stream == cudaStreamPerThread)
    return &streams().standard;
  return streams().all.contains(stream) ? stream : nullptr;
}

cudaError_t create(cudaStream_t* stream, unsigned int flags, int priority) {
  if (stream == nullptr || (flags != cudaStreamDefault && flags != cudaStreamNonBlocking)) {
    return remember(cudaErrorInvalidValue);
  }
  auto* const made = new CUstream_st;
  made->flags = flags;
  made->priority = priority;
  const std::scoped_lock lock(streams().mutex);
  streams().all.insert(made);
  ++atomic_counters().live_streams;
  *stream = made;
  return cudaSuccess;
}

constexpr int least_priority = 0;
constexpr int greatest_priority = -5;

}  // namespace

std::shared_ptr<void> begin_work(cudaStream_t stream) {
  const std::scoped_lock lock(streams().mutex);
  CUstream_st* const found = find(stream);
  if (found == nullptr) return nullptr;
  const std::shared_ptr<Pending> pending = found->pending;
  ++pending->works;
  ++streams().works;
  return std::shared_ptr<void>(pending.get(), [pending](void*) {
    const std::scoped_lock end(streams().mutex);
    --pending->works;
    --streams().works;
    streams().changed.notify_all();
  });
}

}  // namespace rankmesh::nccl_double

using namespace rankmesh::nccl_double;

extern "C" {

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned int flags) {
  if (const cudaError_t fault = runtime_fault("cudaStreamCreateWithFlags"); fault != cudaSuccess)
    return fault;
  return create(stream, flags, least_priority);
}

cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned int flags, int priority) {
  if (const cudaError_t fault = runtime_fault("cudaStreamCreateWithPriority"); fault != cudaSuccess)
    return fault;
  // CUDA clamps the priority to its range.
  return create(stream, flags, std::clamp(priority, greatest_priority, least_priority));
}

cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  if (const cudaError_t fault = runtime_fault("cudaDeviceGetStreamPriorityRange"); fault != cudaSuccess)
    return fault;
  if (least != nullptr) *least = least_priority;
  if (greatest != nullptr) *greatest = greatest_priority;
  return cudaSuccess;
}

cudaError_t cudaStreamGetPriority(cudaStream_t stream, int* priority) {
  if (const cudaError_t fault = runtime_fault("cudaStreamGetPriority"); fault != cudaSuccess) return fault;
  const std::scoped_lock lock(streams().mutex);
  const CUstream_st* const found = find(stream);
  if (found == nullptr || priority == nullptr) return remember(cudaErrorInvalidResourceHandle);
  *priority = found->priority;
  return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  if (const cudaError_t fault = runtime_fault("cudaStreamDestroy"); fault != cudaSuccess) return fault;
  const std::scoped_lock lock(streams().mutex);
  if (streams().all.erase(stream) == 0) return remember(cudaErrorInvalidResourceHandle);
  --atomic_counters().live_streams;
  delete stream;
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  if (const cudaError_t fault = runtime_fault("cudaStreamSynchronize"); fault != cudaSuccess) return fault;
  std::unique_lock lock(streams().mutex);
  const CUstream_st* const found = find(stream);
  if (found == nullptr) return remember(cudaErrorInvalidResourceHandle);
  const std::shared_ptr<Pending> pending = found->pending;
  streams().changed.wait(lock, [&] { return pending->works == 0; });
  return cudaSuccess;
}

cudaError_t cudaStreamQuery(cudaStream_t stream) {
  if (const cudaError_t fault = runtime_fault("cudaStreamQuery"); fault != cudaSuccess) return fault;
  const std::scoped_lock lock(streams().mutex);
  const CUstream_st* const found = find(stream);
  if (found == nullptr) return remember(cudaErrorInvalidResourceHandle);
  // That work is not done is no error that cudaGetLastError remembers.
  return found->pending->works == 0 ? cudaSuccess : cudaErrorNotReady;
}

cudaError_t cudaDeviceSynchronize() {
  if (const cudaError_t fault = runtime_fault("cudaDeviceSynchronize"); fault != cudaSuccess) return fault;
  std::unique_lock lock(streams().mutex);
  streams().changed.wait(lock, [] { return streams().works == 0; });
  return cudaSuccess;
}

}  // extern "C"
