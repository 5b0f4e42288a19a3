// The errors of the CUDA runtime.
#include "runtime_error.hpp"

#include <array>
#include <utility>

#include "counters.hpp"
#include "faults.hpp"

namespace rankmesh::nccl_double {

namespace {

thread_local cudaError_t last_error = cudaSuccess;

struct Text {
  cudaError_t error;
  const char* name;
  const char* description;
};

constexpr std::array texts{
    Text{cudaSuccess, "cudaSuccess", "no error"},
    Text{cudaErrorInvalidValue, "cudaErrorInvalidValue", "invalid argument"},
    Text{cudaErrorMemoryAllocation, "cudaErrorMemoryAllocation", "out of memory"},
    Text{cudaErrorInitializationError, "cudaErrorInitializationError", "initialization error"},
    Text{cudaErrorCudartUnloading, "cudaErrorCudartUnloading", "driver shutting down"},
    Text{cudaErrorInsufficientDriver, "cudaErrorInsufficientDriver", "driver older than the runtime"},
    Text{cudaErrorNoDevice, "cudaErrorNoDevice", "no CUDA-capable device is detected"},
    Text{cudaErrorInvalidDevice, "cudaErrorInvalidDevice", "invalid device ordinal"},
    Text{cudaErrorInvalidResourceHandle, "cudaErrorInvalidResourceHandle", "invalid resource handle"},
    Text{cudaErrorNotReady, "cudaErrorNotReady", "device not ready"},
    Text{cudaErrorUnknown, "cudaErrorUnknown", "unknown error"},
};

const Text* text_of(cudaError_t error) {
  for (const Text& text : texts) {
    if (text.error == error) return &text;
  }
  return nullptr;
}

}  // namespace

cudaError_t remember(cudaError_t error) {
  if (error != cudaSuccess) last_error = error;
  return error;
}

cudaError_t runtime_fault(const char* name) {
  ++atomic_counters().cuda_calls;
  return remember(static_cast<cudaError_t>(undergo_fault_of(name)));
}

}  // namespace rankmesh::nccl_double

using namespace rankmesh::nccl_double;

extern "C" {

cudaError_t cudaGetLastError() {
  return std::exchange(last_error, cudaSuccess);
}

const char* cudaGetErrorName(cudaError_t error) {
  const Text* const text = text_of(error);
  return text != nullptr ? text->name : "unrecognized error code";
}

const char* cudaGetErrorString(cudaError_t error) {
  const Text* const text = text_of(error);
  return text != nullptr ? text->description : "unrecognized error code";
}

}  // extern "C"
