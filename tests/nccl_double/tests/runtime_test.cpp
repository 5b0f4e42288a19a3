// Devices, streams, versions, and leaks.
#include <cstring>
#include <string>

#include "proofs.hpp"
#include "rankmesh/nccl_double.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using nccl_double::counters;

namespace {

std::string uuid_of(Process& process, int device) {
  cudaDeviceProp properties;
  process.check(cudaGetDeviceProperties(&properties, device) == cudaSuccess);
  char bus[32] = {};
  process.check(cudaDeviceGetPCIBusId(bus, sizeof(bus), device) == cudaSuccess);
  return std::string(properties.uuid.bytes, sizeof(properties.uuid.bytes)) + bus;
}

}  // namespace

TEST_CASE("a process sees a GPU of its own by default") {
  expect_well(2, {}, [](Process& process) {
    int count = 0;
    process.check(cudaGetDeviceCount(&count) == cudaSuccess && count == 1);
    process.check(cudaSetDevice(1) == cudaErrorInvalidDevice);
    const std::string own = uuid_of(process, 0);
    ::setenv("RANKMESH_DOUBLE_DEVICES", "2", 1);
    process.check(cudaGetDeviceCount(&count) == cudaSuccess && count == 2);
    process.check(cudaSetDevice(1) == cudaSuccess);
    process.check(uuid_of(process, process.rank()) == own);
    process.check(uuid_of(process, 1 - process.rank()) != own);
    ::setenv("RANKMESH_DOUBLE_UUIDS", "a,gpu-1", 1);
    process.check((uuid_of(process, 1) == own) == (process.rank() == 1));
    ::setenv("RANKMESH_DOUBLE_DEVICES_1", "0", 1);
    process.check(cudaGetDeviceCount(&count) == (process.rank() == 1 ? cudaErrorNoDevice : cudaSuccess));
    ncclComm_t communicator = nullptr;
    if (process.rank() == 1) {
      process.check(ncclUnhandledCudaError, ncclCommInitRank(&communicator, 1, process.id(0, 1), 0));
    }
  });
}

TEST_CASE("streams have priorities") {
  expect_well(1, {}, [](Process& process) {
    int least = 1;
    int greatest = 1;
    process.check(cudaDeviceGetStreamPriorityRange(&least, &greatest) == cudaSuccess && greatest < least);
    cudaStream_t stream = nullptr;
    process.check(cudaStreamCreateWithPriority(&stream, cudaStreamNonBlocking, greatest - 10) == cudaSuccess);
    int priority = 1;
    process.check(cudaStreamGetPriority(stream, &priority) == cudaSuccess && priority == greatest);
    process.check(counters().live_streams == 1);
    process.check(cudaStreamDestroy(stream) == cudaSuccess);
    process.check(cudaStreamSynchronize(stream) == cudaErrorInvalidResourceHandle);
  });
}

TEST_CASE("allocations are counted") {
  expect_well(1, {}, [](Process& process) {
    std::size_t before = 0;
    std::size_t after = 0;
    std::size_t total = 0;
    process.check(cudaMemGetInfo(&before, &total) == cudaSuccess);
    void* memory = nullptr;
    process.check(cudaMalloc(&memory, 1 << 20) == cudaSuccess);
    process.check(cudaMemset(memory, 1, 1 << 20) == cudaSuccess);
    process.check(cudaMemGetInfo(&after, &total) == cudaSuccess && before - after == 1 << 20);
    process.check(cudaFree(memory) == cudaSuccess);
    process.check(cudaFree(memory) == cudaErrorInvalidValue);
    process.check(std::string(cudaGetErrorName(cudaErrorInvalidValue)) == "cudaErrorInvalidValue");
  });
}

TEST_CASE("communicators and their channels use memory") {
  expect_well(1, {}, [](Process& process) {
    const auto available = [&process] {
      std::size_t free = 0;
      std::size_t total = 0;
      process.check(cudaMemGetInfo(&free, &total) == cudaSuccess && free <= total);
      return static_cast<std::int64_t>(free);
    };
    constexpr std::int64_t mebibyte = 1 << 20;
    const std::int64_t before = available();
    ncclComm_t const usual = world(process);
    const std::int64_t with_one = available();
    process.check(before - with_one == (64 + 16 * 4) * mebibyte);
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    config.maxCTAs = 2;
    ncclComm_t narrow = nullptr;
    process.check(ncclSuccess, ncclCommInitRankConfig(&narrow, 1, process.id(1), 0, &config));
    process.check(with_one - available() == (64 + 2 * 4) * mebibyte);
    process.check(counters().communicator_bytes == before - available());
    void* memory = nullptr;
    const auto too_much = static_cast<std::size_t>(available()) + 1;
    process.check(cudaMalloc(&memory, too_much) == cudaErrorMemoryAllocation && memory == nullptr);
    close(process, narrow);
    close(process, usual);
    process.check(available() == before);
  });
}

TEST_CASE("the version can differ by rank") {
  expect_well(2, {{"RANKMESH_DOUBLE_NCCL_VERSION_1", "21903"}}, [](Process& process) {
    int version = 0;
    process.check(ncclSuccess, ncclGetVersion(&version));
    process.check(version == (process.rank() == 1 ? 21903 : NCCL_VERSION_CODE));
  });
}

TEST_CASE("an unconsumed ID costs a thread and a descriptor") {
  expect_well(1, {}, [](Process& process) {
    const Held before = held_now();
    ncclUniqueId id;
    process.check(ncclSuccess, ncclGetUniqueId(&id));
    process.check(counters().unconsumed_ids == 1 && counters().threads == 1);
    process.check(held_now() == Held{before.threads + 1, before.descriptors + 1});
    nccl_double::rankmesh_nccl_double_discard_ids();
    process.check(back_to(before));
    process.check(counters().unconsumed_ids == 0);
  });
}

TEST_CASE("nothing leaks in many rounds, closed or aborted") {
  expect_well(4, {}, [](Process& process) {
    const Held before = held_now();
    for (int round = 0; round < 16; ++round) {
      ncclComm_t const communicator = world(process, round);
      ncclComm_t child = nullptr;
      process.check(ncclSuccess, ncclCommSplit(communicator, process.rank() / 2, 0, &child, nullptr));
      if (round % 2 == 0) {
        close(process, child);
        close(process, communicator);
      } else {
        process.check(ncclSuccess, ncclCommAbort(child));
        process.check(ncclSuccess, ncclCommAbort(communicator));
      }
    }
    process.check(back_to(before));
    process.check(counters().live_communicators == 0 && counters().threads == 0);
    process.check(counters().init_calls == 16 && counters().split_calls == 16);
    process.check(counters().destroy_calls == 16 && counters().abort_calls == 16);
    process.check(counters().messages > 0 && counters().bytes > 0);
  });
}
