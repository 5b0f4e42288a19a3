// A stand-in for the part of NVML that tells fabrics. A test says what it answers, see fabric_test.cpp.
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

namespace {

struct Gpu {
  int uuid = 0;
  int clique = 0;
  int state = 0;
  int status = 0;
  int code = 0;
};

int code_of_init = 0;
int opened = 0;
std::vector<Gpu> gpus;

}  // namespace

/// As nvml.h lays it out.
struct NvmlFabricInfo {
  unsigned char cluster[16];
  int status;
  unsigned clique;
  unsigned char state;
};

extern "C" {

void play(const char* text);
void play(const char* text) {
  std::istringstream words(text);
  words >> code_of_init;
  gpus.clear();
  for (Gpu gpu; words >> gpu.uuid >> gpu.clique >> gpu.state >> gpu.status >> gpu.code;) gpus.push_back(gpu);
}

int is_open();
int is_open() {
  return opened;
}

int nvmlInit_v2();
int nvmlInit_v2() {
  if (code_of_init == 0) ++opened;
  return code_of_init;
}

int nvmlShutdown();
int nvmlShutdown() {
  --opened;
  return 0;
}

int nvmlDeviceGetCount_v2(unsigned* count);
int nvmlDeviceGetCount_v2(unsigned* count) {
  *count = static_cast<unsigned>(gpus.size());
  return 0;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device);
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
  *device = &gpus[index];
  return 0;
}

int nvmlDeviceGetGpuFabricInfo(void* device, void* out);
int nvmlDeviceGetGpuFabricInfo(void* device, void* out) {
  auto* info = static_cast<NvmlFabricInfo*>(out);
  const Gpu& gpu = *static_cast<const Gpu*>(device);
  std::memset(info->cluster, gpu.uuid, sizeof info->cluster);
  info->status = gpu.status;
  info->clique = static_cast<unsigned>(gpu.clique);
  info->state = static_cast<unsigned char>(gpu.state);
  return gpu.code;
}

}  // extern "C"
