// Device memory, which is host memory here.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

#include "counters.hpp"
#include "devices.hpp"
#include "runtime_error.hpp"

namespace rankmesh::nccl_double {

namespace {

struct Allocations {
  std::mutex mutex;
  std::map<void*, std::size_t> sizes;
};

Allocations& allocations() {
  static Allocations* const instance = new Allocations;
  return *instance;
}

/// The free memory of the current device. All devices share one count.
std::size_t available_memory() {
  const AtomicCounters& now = atomic_counters();
  const auto used = static_cast<std::size_t>(now.allocated_bytes + now.communicator_bytes);
  return device_memory - std::min(used, device_memory);
}

}  // namespace

}  // namespace rankmesh::nccl_double

using namespace rankmesh::nccl_double;

extern "C" {

cudaError_t cudaMalloc(void** pointer, size_t size) {
  if (const cudaError_t fault = runtime_fault("cudaMalloc"); fault != cudaSuccess) return fault;
  if (pointer == nullptr) return remember(cudaErrorInvalidValue);
  *pointer = nullptr;
  if (size == 0) return cudaSuccess;
  if (size <= available_memory()) *pointer = std::malloc(size);
  if (*pointer == nullptr) return remember(cudaErrorMemoryAllocation);
  std::memset(*pointer, 0xcd, size);  // so that tests notice a program that expects zeros
  const std::scoped_lock lock(allocations().mutex);
  allocations().sizes.emplace(*pointer, size);
  ++atomic_counters().live_allocations;
  atomic_counters().allocated_bytes += static_cast<std::int64_t>(size);
  return cudaSuccess;
}

cudaError_t cudaFree(void* pointer) {
  if (const cudaError_t fault = runtime_fault("cudaFree"); fault != cudaSuccess) return fault;
  if (pointer == nullptr) return cudaSuccess;
  const std::scoped_lock lock(allocations().mutex);
  const auto found = allocations().sizes.find(pointer);
  if (found == allocations().sizes.end()) return remember(cudaErrorInvalidValue);
  --atomic_counters().live_allocations;
  atomic_counters().allocated_bytes -= static_cast<std::int64_t>(found->second);
  allocations().sizes.erase(found);
  std::free(pointer);
  return cudaSuccess;
}

cudaError_t cudaMemcpy(void* to, const void* from, size_t size, cudaMemcpyKind) {
  if (const cudaError_t fault = runtime_fault("cudaMemcpy"); fault != cudaSuccess) return fault;
  if (const cudaError_t done = cudaDeviceSynchronize(); done != cudaSuccess) return done;
  if (size > 0) std::memmove(to, from, size);
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t size, cudaMemcpyKind, cudaStream_t stream) {
  if (const cudaError_t fault = runtime_fault("cudaMemcpyAsync"); fault != cudaSuccess) return fault;
  if (const cudaError_t done = cudaStreamSynchronize(stream); done != cudaSuccess) return done;
  if (size > 0) std::memmove(to, from, size);
  return cudaSuccess;
}

cudaError_t cudaMemset(void* to, int value, size_t size) {
  if (const cudaError_t fault = runtime_fault("cudaMemset"); fault != cudaSuccess) return fault;
  if (const cudaError_t done = cudaDeviceSynchronize(); done != cudaSuccess) return done;
  if (size > 0) std::memset(to, value, size);
  return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t* available, size_t* total) {
  if (const cudaError_t fault = runtime_fault("cudaMemGetInfo"); fault != cudaSuccess) return fault;
  *total = device_memory;
  *available = available_memory();
  return cudaSuccess;
}

}  // extern "C"
