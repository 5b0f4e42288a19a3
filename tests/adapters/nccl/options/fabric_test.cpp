// The NVLink fabric of a host, from a stand-in for NVML. Not compared with the real one: see docs/guide.md.
#include "rankmesh/nccl/fabric.hpp"

#include <dlfcn.h>

#include <string>
#include <vector>

#include "fabric.hpp"
#include "support/catch.hpp"

using namespace rankmesh;

namespace {

/// A GPU of the stand-in, which reads them from a text: `UUID_BYTE CLIQUE STATE STATUS CODE;...`.
struct Gpu {
  int uuid = 0;
  int clique = 0;
  int state = 3;
  int status = 0;
  int code = 0;
};

/// Loads the stand-in first, so that it keeps what it is told.
class StandIn {
 public:
  StandIn() : library_(dlopen(RANKMESH_NVML_STAND_IN, RTLD_NOW)) {}
  StandIn(const StandIn&) = delete;
  StandIn& operator=(const StandIn&) = delete;
  ~StandIn() { dlclose(library_); }

  std::string fabric(const std::vector<Gpu>& gpus, int code_of_init = 0) {
    std::string text = std::to_string(code_of_init) + "\n";
    for (const Gpu& gpu : gpus) {
      for (const int value : {gpu.uuid, gpu.clique, gpu.state, gpu.status, gpu.code}) {
        text += std::to_string(value) + " ";
      }
      text += "\n";
    }
    reinterpret_cast<void (*)(const char*)>(dlsym(library_, "play"))(text.c_str());
    return nccl::fabric_from(RANKMESH_NVML_STAND_IN);
  }
  /// Calls of nvmlInit less those of nvmlShutdown.
  int open() { return reinterpret_cast<int (*)()>(dlsym(library_, "is_open"))(); }

 private:
  void* library_;
};

}  // namespace

TEST_CASE("the fabric of a host is that of all its GPUs") {
  StandIn nvml;
  CHECK(nvml.fabric({{.uuid = 0x5a, .clique = 7}, {.uuid = 0x5a, .clique = 7}}) ==
        "5a5a5a5a-5a5a-5a5a-5a5a-5a5a5a5a5a5a.7");
  CHECK(nvml.open() == 0);
  // GPUs of two cliques or clusters, and one that is in none.
  CHECK(nvml.fabric({{.uuid = 1, .clique = 7}, {.uuid = 1, .clique = 8}}).empty());
  CHECK(nvml.fabric({{.uuid = 1}, {.uuid = 2}}).empty());
  CHECK(nvml.fabric({{.uuid = 0}, {.uuid = 1}}).empty());
  CHECK(nvml.fabric({{.uuid = 1}, {.uuid = 1, .state = 0}}).empty());
  CHECK(nvml.open() == 0);
}

TEST_CASE("there is no fabric without NVLink between hosts, before it is complete, and after an error") {
  StandIn nvml;
  CHECK(nvml.fabric({}).empty());
  CHECK(nvml.fabric({{.uuid = 0, .clique = 3}}).empty());
  for (const int state : {0, 1, 2}) CHECK(nvml.fabric({{.uuid = 1, .state = state}}).empty());
  CHECK(nvml.fabric({{.uuid = 1, .status = 999}}).empty());
  CHECK(nvml.fabric({{.uuid = 1, .code = 3}}).empty());
  CHECK(nvml.open() == 0);
  CHECK(nvml.fabric({{.uuid = 1}}, 9).empty());
  CHECK(nccl::fabric_from("librankmesh-there-is-no-such-library.so").empty());
  // A library that is none of NVML.
  CHECK(nccl::fabric_from("libm.so.6").empty());
  static_cast<void>(nccl::nvlink_fabric());
}
