// Compiled once for each NCCL version that the fallback header declares; run with the double, which
// implements the newest version.
#include <cuda_runtime_api.h>
#include <nccl.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string>

#include "rankmesh/nccl_double.hpp"
#include "support/catch.hpp"

static_assert(NCCL_VERSION_CODE == RANKMESH_FALLBACK_NCCL_VERSION);
static_assert(NCCL_VERSION(NCCL_MAJOR, NCCL_MINOR, NCCL_PATCH) == NCCL_VERSION_CODE);

// Names that this version lacks are free: these definitions would not compile beside a declaration.
#if NCCL_VERSION_CODE < 22300
using ncclCommInitRankScalable = void;
#endif
#if NCCL_VERSION_CODE < 22700
using ncclCommShrink = void;
#endif
#if NCCL_VERSION_CODE < 22900
using ncclCommRevoke = void;
using ncclCommGrow = void;
using ncclCommGetUniqueId = void;
#endif
#if NCCL_VERSION_CODE < 22700 && defined(NCCL_SHRINK_ABORT)
#error "a macro of a later version"
#endif
#if NCCL_VERSION_CODE < 22900 && defined(NCCL_REVOKE_DEFAULT)
#error "a macro of a later version"
#endif
#if NCCL_VERSION_CODE < 22700 && defined(NCCL_CTA_POLICY_DEFAULT)
#error "a macro of a later version"
#endif

using namespace rankmesh;
using namespace rankmesh::tests;

namespace {

ncclUniqueId make_id() {
  ncclUniqueId id;
  REQUIRE(ncclGetUniqueId(&id) == ncclSuccess);
  return id;
}

void close(ncclComm_t communicator) {
  CHECK(ncclCommFinalize(communicator) == ncclSuccess);
  CHECK(ncclCommDestroy(communicator) == ncclSuccess);
}

}  // namespace

TEST_CASE("two ranks reduce a value with the declarations of any version") {
  ::setenv("RANKMESH_DOUBLE_DEVICES", "2", 1);
  const ncclUniqueId id = make_id();
  ncclComm_t communicators[2] = {nullptr, nullptr};
  REQUIRE(ncclGroupStart() == ncclSuccess);
  for (int device = 0; device < 2; ++device) {
    REQUIRE(cudaSetDevice(device) == cudaSuccess);
    REQUIRE(ncclCommInitRank(&communicators[device], 2, id, device) == ncclSuccess);
  }
  REQUIRE(ncclGroupEnd() == ncclSuccess);
  int values[2] = {3, 4};
  REQUIRE(ncclGroupStart() == ncclSuccess);
  for (int device = 0; device < 2; ++device) {
    int* const value = &values[device];
    REQUIRE(ncclAllReduce(value, value, 1, ncclInt, ncclSum, communicators[device], nullptr) == ncclSuccess);
  }
  REQUIRE(ncclGroupEnd() == ncclSuccess);
  CHECK(values[0] == 7);
  CHECK(values[1] == 7);
  for (ncclComm_t communicator : communicators) CHECK(ncclCommAbort(communicator) == ncclSuccess);
  CHECK(nccl_double::counters().live_communicators == 0);
  ::unsetenv("RANKMESH_DOUBLE_DEVICES");
  CHECK(cudaSetDevice(0) == cudaSuccess);
}

TEST_CASE("the fallback header and the double agree on cudaDeviceProp") {
  struct {
    cudaDeviceProp properties;
    char after = 'x';
  } guarded;
  REQUIRE(cudaGetDeviceProperties(&guarded.properties, 0) == cudaSuccess);
  CHECK(std::string(guarded.properties.name).starts_with("Rankmesh double"));
  CHECK(guarded.properties.major == 9);
  CHECK(guarded.after == 'x');
}

TEST_CASE("ncclGetVersion returns the version set in the environment") {
  ::setenv("RANKMESH_DOUBLE_NCCL_VERSION", std::to_string(NCCL_VERSION_CODE).c_str(), 1);
  int version = 0;
  CHECK(ncclGetVersion(&version) == ncclSuccess);
  CHECK(version == NCCL_VERSION_CODE);
}

TEST_CASE("a configuration carries the options of its version; later options have their defaults") {
  constexpr std::size_t expected = NCCL_VERSION_CODE >= 22900   ? 88
                                   : NCCL_VERSION_CODE >= 22800 ? 80
                                   : NCCL_VERSION_CODE >= 22700 ? 72
                                                                : 48;
  CHECK(sizeof(ncclConfig_t) == expected);
  // In later versions, options lie in the padding of this structure and behind it. The double must not read
  // there.
  struct {
    ncclConfig_t config;
    unsigned char after[64];
  } guarded;
  std::fill_n(reinterpret_cast<unsigned char*>(&guarded), sizeof(guarded), static_cast<unsigned char>(0xff));
  const ncclConfig_t initial = NCCL_CONFIG_INITIALIZER;
  // Assigned member by member, because assigning the whole structure may copy the padding.
  guarded.config.size = initial.size;
  guarded.config.magic = initial.magic;
  guarded.config.version = initial.version;
  guarded.config.blocking = 1;
  guarded.config.cgaClusterSize = 2;
  guarded.config.minCTAs = 3;
  guarded.config.maxCTAs = 5;
  guarded.config.netName = nullptr;
  guarded.config.splitShare = 1;
#if NCCL_VERSION_CODE >= 22600
  guarded.config.trafficClass = 7;
#endif
#if NCCL_VERSION_CODE >= 22700
  const std::string name = "old header";
  guarded.config.commName = name.c_str();
  guarded.config.collnetEnable = initial.collnetEnable;
  guarded.config.CTAPolicy = NCCL_CTA_POLICY_EFFICIENCY;
  guarded.config.shrinkShare = initial.shrinkShare;
  guarded.config.nvlsCTAs = 4;
#endif
#if NCCL_VERSION_CODE >= 22800
  guarded.config.nChannelsPerNetPeer = initial.nChannelsPerNetPeer;
  guarded.config.nvlinkCentricSched = initial.nvlinkCentricSched;
#endif
#if NCCL_VERSION_CODE >= 22900
  guarded.config.graphUsageMode = 1;
  guarded.config.numRmaCtx = 3;
#endif
  ncclComm_t communicator = nullptr;
  REQUIRE(ncclCommInitRankConfig(&communicator, 1, make_id(), 0, &guarded.config) == ncclSuccess);

  struct {
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    char after = 'x';
  } found;
  REQUIRE(nccl_double::rankmesh_nccl_double_config(communicator, &found.config) == 1);
  CHECK(found.after == 'x');
  CHECK(found.config.size == sizeof(ncclConfig_t));
  CHECK(found.config.blocking == 1);
  CHECK(found.config.cgaClusterSize == 2);
  CHECK(found.config.minCTAs == 3);
  CHECK(found.config.maxCTAs == 5);
  CHECK(found.config.splitShare == 1);
#if NCCL_VERSION_CODE >= 22600
  CHECK(found.config.trafficClass == 7);
#endif
#if NCCL_VERSION_CODE >= 22700
  CHECK(found.config.commName == name.c_str());
  CHECK(found.config.CTAPolicy == NCCL_CTA_POLICY_EFFICIENCY);
  CHECK(found.config.nvlsCTAs == 4);
#endif
#if NCCL_VERSION_CODE >= 22900
  CHECK(found.config.graphUsageMode == 1);
  CHECK(found.config.numRmaCtx == 3);
#endif
  // A child that is given no configuration inherits its parent's.
  ncclComm_t child = nullptr;
  REQUIRE(ncclCommSplit(communicator, 0, 0, &child, nullptr) == ncclSuccess);
  close(child);
  close(communicator);
  CHECK(nccl_double::counters().live_communicators == 0);
}

#if NCCL_VERSION_CODE >= 22300
TEST_CASE("an initialisation with a list of IDs") {
  ncclUniqueId id = make_id();
  ncclComm_t communicator = nullptr;
  REQUIRE(ncclCommInitRankScalable(&communicator, 1, 0, 1, &id, nullptr) == ncclSuccess);
  close(communicator);
}
#endif

#if NCCL_VERSION_CODE >= 22700
TEST_CASE("a shrink refuses to exclude the only rank") {
  ncclComm_t communicator = nullptr;
  REQUIRE(ncclCommInitRank(&communicator, 1, make_id(), 0) == ncclSuccess);
  int excluded = 0;
  ncclComm_t child = nullptr;
  CHECK(ncclCommShrink(communicator, &excluded, 1, &child, nullptr, NCCL_SHRINK_ABORT) ==
        ncclInvalidArgument);
  close(communicator);
}
#endif

#if NCCL_VERSION_CODE >= 22900
TEST_CASE("a communicator grows by a device of this process") {
  ::setenv("RANKMESH_DOUBLE_DEVICES", "2", 1);
  ncclComm_t parent = nullptr;
  REQUIRE(ncclCommInitRank(&parent, 1, make_id(), 0) == ncclSuccess);
  ncclUniqueId id;
  REQUIRE(ncclCommGetUniqueId(parent, &id) == ncclSuccess);
  ncclComm_t grown[2] = {nullptr, nullptr};
  REQUIRE(ncclGroupStart() == ncclSuccess);
  REQUIRE(ncclCommGrow(parent, 2, nullptr, -1, &grown[0], nullptr) == ncclSuccess);
  REQUIRE(cudaSetDevice(1) == cudaSuccess);
  REQUIRE(ncclCommGrow(nullptr, 2, &id, 1, &grown[1], nullptr) == ncclSuccess);
  REQUIRE(ncclGroupEnd() == ncclSuccess);
  CHECK(ncclCommRevoke(parent, NCCL_REVOKE_DEFAULT) == ncclSuccess);
  CHECK(ncclCommDestroy(parent) == ncclSuccess);
  for (ncclComm_t communicator : grown) {
    int size = 0;
    CHECK(ncclCommCount(communicator, &size) == ncclSuccess);
    CHECK(size == 2);
    CHECK(ncclCommAbort(communicator) == ncclSuccess);
  }
  CHECK(nccl_double::counters().live_communicators == 0);
  ::unsetenv("RANKMESH_DOUBLE_DEVICES");
  CHECK(cudaSetDevice(0) == cudaSuccess);
}
#endif
