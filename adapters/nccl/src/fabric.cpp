#include "fabric.hpp"

#include <dlfcn.h>

#include <array>
#include <memory>

#include "rankmesh/nccl/fabric.hpp"

namespace rankmesh::nccl {
namespace {

// The part of NVML's interface that is used, as its manual describes it: there is no header without the
// CUDA Toolkit.

/// `nvmlGpuFabricInfo_t`
struct FabricInfo {
  std::array<unsigned char, 16> cluster{};
  int status = 0;
  unsigned clique = 0;
  unsigned char state = 0;
};
constexpr int success = 0;
/// `NVML_GPU_FABRIC_STATE_COMPLETED`
constexpr unsigned char completed = 3;

using Plain = int (*)();
using DeviceCount = int (*)(unsigned* count);
using DeviceByIndex = int (*)(unsigned index, void** device);
// Of `FabricInfo`.
using FabricOf = int (*)(void* device, void* info);

struct Unload {
  void operator()(void* library) const noexcept { dlclose(library); }
};
using Library = std::unique_ptr<void, Unload>;

template <typename Function>
Function find(const Library& library, const char* name) {
  return reinterpret_cast<Function>(dlsym(library.get(), name));
}

/// `UUID.CLIQUE`; empty if the GPU is in no fabric. GPUs of one host that reach no other have the UUID zero.
std::string text_of(const FabricInfo& info) {
  if (info.state != completed || info.status != success || info.cluster == FabricInfo{}.cluster) return "";
  constexpr const char* digits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < info.cluster.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += digits[info.cluster[i] >> 4];
    text += digits[info.cluster[i] & 15];
  }
  return text + "." + std::to_string(info.clique);
}

}  // namespace

std::string fabric_from(const char* name) {
  const Library library(dlopen(name, RTLD_NOW | RTLD_LOCAL));
  if (!library) return "";
  const auto begin = find<Plain>(library, "nvmlInit_v2");
  const auto end = find<Plain>(library, "nvmlShutdown");
  const auto count_devices = find<DeviceCount>(library, "nvmlDeviceGetCount_v2");
  const auto device_at = find<DeviceByIndex>(library, "nvmlDeviceGetHandleByIndex_v2");
  const auto fabric_of = find<FabricOf>(library, "nvmlDeviceGetGpuFabricInfo");
  if (begin == nullptr || end == nullptr || count_devices == nullptr || device_at == nullptr ||
      fabric_of == nullptr || begin() != success) {
    return "";
  }
  std::string common;
  unsigned count = 0;
  if (count_devices(&count) != success) count = 0;
  for (unsigned index = 0; index < count; ++index) {
    void* device = nullptr;
    FabricInfo info;
    const bool is_known = device_at(index, &device) == success && fabric_of(device, &info) == success;
    const std::string fabric = is_known ? text_of(info) : "";
    if (index == 0) common = fabric;
    if (fabric != common) common.clear();
    if (common.empty()) break;
  }
  static_cast<void>(end());
  return common;
}

std::string nvlink_fabric() {
  return fabric_from("libnvidia-ml.so.1");
}

}  // namespace rankmesh::nccl
