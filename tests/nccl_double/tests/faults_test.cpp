#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "proofs.hpp"
#include "rankmesh/nccl_double.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using nccl_double::counters;

namespace {

Environment faults(const std::string& specification) {
  return {{"RANKMESH_DOUBLE_FAULTS", specification}};
}

/// Starts a non-blocking communicator of all processes.
ncclComm_t start(Process& process) {
  ncclConfig_t config = nonblocking();
  ncclComm_t result = nullptr;
  process.check(ncclInProgress,
                ncclCommInitRankConfig(&result, process.size(), process.id(), process.rank(), &config));
  return result;
}

std::chrono::milliseconds::rep milliseconds_of(const std::function<void()>& body) {
  const auto begin = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin)
      .count();
}

}  // namespace

TEST_CASE("fault error: on one rank, in one call") {
  expect_well(2, faults("ncclGetUniqueId@1#2=error:2;cudaMalloc@0=error:2"), [](Process& process) {
    ncclUniqueId id;
    process.check(ncclSuccess, ncclGetUniqueId(&id));
    process.check(process.rank() == 1 ? ncclSystemError : ncclSuccess, ncclGetUniqueId(&id));
    process.check(ncclSuccess, ncclGetUniqueId(&id));
    process.check(counters().ids_made == (process.rank() == 1 ? 2 : 3));
    void* memory = nullptr;
    process.check(cudaMalloc(&memory, 8) == (process.rank() == 0 ? cudaErrorMemoryAllocation : cudaSuccess));
    process.check(cudaGetLastError() == (process.rank() == 0 ? cudaErrorMemoryAllocation : cudaSuccess));
    process.check(cudaGetLastError() == cudaSuccess);
  });
}

TEST_CASE("a stream says whether its work is done") {
  expect_well(2, faults("ncclAllReduce@*=slow:300"), [](Process& process) {
    ncclComm_t const communicator = start(process);
    process.check(ncclSuccess, settle(communicator));
    cudaStream_t stream = nullptr;
    process.check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking) == cudaSuccess);
    process.check(cudaStreamQuery(stream) == cudaSuccess);
    std::int64_t value = process.rank() + 1;
    process.check(ncclInProgress, ncclAllReduce(&value, &value, 1, ncclInt64, ncclSum, communicator, stream));
    process.check(cudaStreamQuery(stream) == cudaErrorNotReady);
    process.check(cudaStreamQuery(nullptr) == cudaSuccess);
    process.check(cudaGetLastError() == cudaSuccess);
    while (cudaStreamQuery(stream) == cudaErrorNotReady) std::this_thread::yield();
    process.check(value == 3);
    process.check(cudaStreamDestroy(stream) == cudaSuccess);
    process.check(cudaStreamQuery(stream) == cudaErrorInvalidResourceHandle);
    process.check(ncclSuccess, ncclCommAbort(communicator));
  });
}

TEST_CASE("fault error: the others wait, until they abort") {
  expect_well(2, faults("init@1=error:3"), [](Process& process) {
    ncclConfig_t config = nonblocking();
    ncclComm_t communicator = nullptr;
    const ncclResult_t result =
        ncclCommInitRankConfig(&communicator, 2, process.id(), process.rank(), &config);
    process.check(process.rank() == 1 ? ncclInternalError : ncclInProgress, result);
    process.check((communicator == nullptr) == (process.rank() == 1));
    if (process.rank() == 0) process.check(ncclInProgress, settle(communicator, 200));
    process.check(ncclSuccess, ncclCommAbort(communicator));
    process.check(counters().live_communicators == 0);
    process.check(counters().unconsumed_ids == (process.rank() == 0 ? 1 : 0));
  });
}

TEST_CASE("fault async: polling returns the error, and the communicator must be aborted") {
  expect_well(1, faults("ncclCommInitRankConfig@0=async:1"), [](Process& process) {
    ncclComm_t const communicator = start(process);
    process.check(ncclUnhandledCudaError, settle(communicator));
    process.check(ncclUnhandledCudaError, ncclCommDestroy(communicator));
    process.check(ncclSuccess, ncclCommAbort(communicator));
    process.check(ncclInvalidArgument, ncclCommAbort(communicator));
  });
}

TEST_CASE("fault size") {
  expect_well(2, faults("ncclCommInitRankConfig@0=size:7"), [](Process& process) {
    ncclComm_t const communicator = start(process);
    const ncclResult_t state = settle(communicator, 300);
    process.check(state == ncclInProgress || state == ncclRemoteError);
    process.check(ncclSuccess, ncclCommAbort(communicator));
  });
}

TEST_CASE("fault hang: for ever, or until an abort") {
  expect_well(2, faults("init@1=hang"), [](Process& process) {
    const Held before = held_now();
    ncclComm_t const communicator = start(process);
    process.check(ncclInProgress, settle(communicator, 200));
    process.check(milliseconds_of([&] { process.check(ncclSuccess, ncclCommAbort(communicator)); }) < 2000);
    nccl_double::rankmesh_nccl_double_discard_ids();
    process.check(back_to(before));
  });
  const Outcome outcome = run_processes(1, faults("ncclGetUniqueId@0=hang"), [](Process& process) {
    ::alarm(1);
    std::ignore = process.id();
  });
  CHECK(outcome.statuses == std::vector<int>{-SIGALRM});
}

TEST_CASE("fault slow") {
  expect_well(2, faults("ncclCommInitRank@1#1=slow:1500"), [](Process& process) {
    ncclComm_t communicator = nullptr;
    process.check(milliseconds_of([&] { communicator = world(process); }) >= 1490);
    process.check(milliseconds_of([&] { close(process, world(process, 1)); }) < 1490);
    close(process, communicator);
  });
}

TEST_CASE("fault die: if a rank dies before arrival, the others wait") {
  const Outcome outcome = run_processes(3, faults("init@2=die"), [](Process& process) {
    ncclComm_t const communicator = start(process);
    process.check(ncclInProgress, settle(communicator, 300));
    process.check(ncclSuccess, ncclCommAbort(communicator));
  });
  CHECK(outcome.statuses == std::vector<int>{0, 0, -SIGKILL});
  CHECK(outcome.failures.empty());
}

TEST_CASE("a rank that dies after arrival is an error on all others") {
  for (const int victim : {0, 2}) {
    CAPTURE(victim);
    const std::string rule = "ncclAllReduce@" + std::to_string(victim) + "=die";
    const Outcome outcome = run_processes(3, faults(rule), [](Process& process) {
      ncclComm_t const communicator = world(process);
      int value = 1;
      process.check(ncclRemoteError,
                    ncclAllReduce(&value, &value, 1, ncclInt, ncclSum, communicator, nullptr));
      ncclResult_t state = ncclSuccess;
      process.check(ncclSuccess, ncclCommGetAsyncError(communicator, &state));
      process.check(ncclRemoteError, state);
      process.check(ncclSuccess, ncclCommAbort(communicator));
      process.check(counters().live_communicators == 0);
    });
    std::vector<int> expected(3, 0);
    expected[static_cast<std::size_t>(victim)] = -SIGKILL;
    CHECK(outcome.statuses == expected);
    CHECK(outcome.failures.empty());
  }
}

TEST_CASE("a specification that cannot be read ends the process") {
  for (const char* text :
       {"ncclGetUniqueId", "ncclGetUniqueId@0", "ncclGetUniqueId@0=explode", "ncclGetUniqueId@x=die",
        "ncclGetUniqueId@0#1=error:many", "@0=die", "ncclGetUniqueID@0=die", "ncclGetUniqueId@0=size:2",
        "ncclGetUniqueId@0=error", "ncclGetUniqueId@0=async:0", "ncclGetUniqueId@0=slow"}) {
    CAPTURE(text);
    const Outcome outcome =
        run_processes(1, faults(text), [](Process& process) { std::ignore = process.id(); });
    CHECK(outcome.statuses == std::vector<int>{99});
  }
}
