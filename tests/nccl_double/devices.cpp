// The devices that a process sees, and the calls of the CUDA runtime about them.
#include "devices.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "environment.hpp"
#include "faults.hpp"
#include "runtime_error.hpp"

namespace rankmesh::nccl_double {

namespace {

thread_local int device = 0;

/// The name of a device: from RANKMESH_DOUBLE_UUIDS, or the default.
std::string device_name(int index) {
  if (const auto names = setting("RANKMESH_DOUBLE_UUIDS")) {
    std::string_view rest = *names;
    for (int i = 0; i < index; ++i) rest = rest.substr(std::min(rest.find(',') + 1, rest.size()));
    return std::string(rest.substr(0, rest.find(',')));
  }
  // Without RANKMESH_DOUBLE_DEVICES, each process sees one device of its own.
  return "gpu-" + std::to_string(setting("RANKMESH_DOUBLE_DEVICES") ? index : local_rank());
}

std::uint64_t hash(std::string_view text, std::uint64_t seed) {
  std::uint64_t value = 0xcbf29ce484222325u ^ seed;
  for (const char letter : text) value = (value ^ static_cast<unsigned char>(letter)) * 0x100000001b3u;
  return value;
}

bool is_visible(int index) {
  return index >= 0 && index < device_count();
}

}  // namespace

int device_count() {
  if (const auto count = setting("RANKMESH_DOUBLE_DEVICES")) return std::atoi(count->c_str());
  const auto names = setting("RANKMESH_DOUBLE_UUIDS");
  return names ? static_cast<int>(std::count(names->begin(), names->end(), ',')) + 1 : 1;
}

int current_device() {
  return device;
}

Uuid device_uuid(int index) {
  const std::string name = device_name(index);
  Uuid uuid{};
  for (std::size_t half = 0; half < 2; ++half) {
    const std::uint64_t value = hash(name, half * 0x9e3779b97f4a7c15u);
    std::memcpy(uuid.data() + half * sizeof(value), &value, sizeof(value));
  }
  return uuid;
}

}  // namespace rankmesh::nccl_double

using namespace rankmesh::nccl_double;

extern "C" {

cudaError_t cudaGetDeviceCount(int* count) {
  if (const cudaError_t fault = runtime_fault("cudaGetDeviceCount"); fault != cudaSuccess) return fault;
  *count = device_count();
  return *count > 0 ? cudaSuccess : remember(cudaErrorNoDevice);
}

cudaError_t cudaSetDevice(int index) {
  if (const cudaError_t fault = runtime_fault("cudaSetDevice"); fault != cudaSuccess) return fault;
  if (!is_visible(index)) return remember(cudaErrorInvalidDevice);
  device = index;
  return cudaSuccess;
}

cudaError_t cudaGetDevice(int* index) {
  if (const cudaError_t fault = runtime_fault("cudaGetDevice"); fault != cudaSuccess) return fault;
  if (device_count() == 0) return remember(cudaErrorNoDevice);
  *index = device;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetPCIBusId(char* text, int length, int index) {
  if (const cudaError_t fault = runtime_fault("cudaDeviceGetPCIBusId"); fault != cudaSuccess) return fault;
  if (!is_visible(index)) return remember(cudaErrorInvalidDevice);
  if (text == nullptr || length < 13) return remember(cudaErrorInvalidValue);
  const Uuid uuid = device_uuid(index);
  const auto byte = [&](std::size_t at) {
    return static_cast<unsigned>(static_cast<unsigned char>(uuid[at]));
  };
  std::snprintf(text, static_cast<std::size_t>(length), "%04X:%02X:00.0", (byte(0) << 8) | byte(1), byte(2));
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int index) {
  if (const cudaError_t fault = runtime_fault("cudaGetDeviceProperties"); fault != cudaSuccess) return fault;
  if (!is_visible(index)) return remember(cudaErrorInvalidDevice);
  *properties = {};
  const Uuid uuid = device_uuid(index);
  std::memcpy(properties->uuid.bytes, uuid.data(), uuid.size());
  std::snprintf(properties->name, sizeof(properties->name), "Rankmesh double %s", device_name(index).c_str());
  properties->totalGlobalMem = device_memory;
  properties->major = 9;
  properties->minor = 0;
  properties->multiProcessorCount = 132;
  properties->pciBusID = static_cast<unsigned char>(uuid[2]);
  return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int* version) {
  if (const cudaError_t fault = runtime_fault("cudaRuntimeGetVersion"); fault != cudaSuccess) return fault;
  *version = CUDART_VERSION;
  return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int* version) {
  if (const cudaError_t fault = runtime_fault("cudaDriverGetVersion"); fault != cudaSuccess) return fault;
  *version = CUDART_VERSION;
  return cudaSuccess;
}

}  // extern "C"
