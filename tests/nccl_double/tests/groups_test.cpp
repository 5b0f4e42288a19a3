// Groups of calls, non-blocking communicators, and aborts.
#include <atomic>
#include <chrono>
#include <thread>

#include "proofs.hpp"
#include "rankmesh/nccl_double.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using nccl_double::counters;

TEST_CASE("a group starts several communicators together") {
  expect_well(4, {}, [](Process& process) {
    const Held before = held_now();
    const int rank = process.rank();
    const ncclUniqueId id = process.id(0);
    const ncclUniqueId pair = process.id(1 + rank / 2, rank / 2 * 2);
    ncclComm_t all = nullptr;
    ncclComm_t two = nullptr;
    process.check(ncclSuccess, ncclGroupStart());
    // Odd ranks use another order, so the calls can complete only if they run concurrently.
    if (rank % 2 == 0) process.check(ncclSuccess, ncclCommInitRank(&all, 4, id, rank));
    process.check(ncclSuccess, ncclCommInitRank(&two, 2, pair, rank % 2));
    if (rank % 2 != 0) process.check(ncclSuccess, ncclCommInitRank(&all, 4, id, rank));
    process.check(ncclSuccess, ncclGroupEnd());
    prove(process, all, all_ranks(4));
    prove(process, two, {rank / 2 * 2, rank / 2 * 2 + 1});
    close(process, two);
    close(process, all);
    process.check(back_to(before));
    process.check(ncclInvalidUsage, ncclGroupEnd());
  });
}

TEST_CASE("several collectives in a group, several communicators in a thread") {
  expect_well(1, {{"RANKMESH_DOUBLE_DEVICES", "2"}}, [](Process& process) {
    const ncclUniqueId id = process.id();
    ncclComm_t communicators[2] = {nullptr, nullptr};
    process.check(ncclSuccess, ncclGroupStart());
    for (int device = 0; device < 2; ++device) {
      process.check(cudaSetDevice(device) == cudaSuccess);
      process.check(ncclSuccess, ncclCommInitRank(&communicators[device], 2, id, device));
    }
    process.check(ncclSuccess, ncclGroupEnd());
    int values[2] = {3, 5};
    int sums[2] = {0, 0};
    int doubled[2] = {0, 0};
    process.check(ncclSuccess, ncclGroupStart());
    for (int device = 0; device < 2; ++device) {
      process.check(ncclSuccess, ncclAllReduce(&values[device], &sums[device], 1, ncclInt, ncclSum,
                                               communicators[device], nullptr));
      process.check(ncclSuccess, ncclAllReduce(&sums[device], &doubled[device], 1, ncclInt, ncclSum,
                                               communicators[device], nullptr));
    }
    process.check(ncclSuccess, ncclGroupEnd());
    process.check(sums[0] == 8 && sums[1] == 8 && doubled[0] == 16 && doubled[1] == 16);
    int device = -1;
    process.check(ncclSuccess, ncclCommCuDevice(communicators[1], &device));
    process.check(device == 1);
    process.check(ncclSuccess, ncclGroupStart());
    for (ncclComm_t communicator : communicators) process.check(ncclSuccess, ncclCommDestroy(communicator));
    process.check(ncclSuccess, ncclGroupEnd());
    process.check(counters().live_communicators == 0);
  });
}

TEST_CASE("blocking and non-blocking communicators do not mix in one group") {
  expect_well(1, {}, [](Process& process) {
    const ncclUniqueId id = process.id(0);
    const ncclUniqueId other = process.id(1);
    ncclConfig_t config = nonblocking();
    ncclComm_t blocking = nullptr;
    ncclComm_t polled = nullptr;
    process.check(ncclSuccess, ncclGroupStart());
    process.check(ncclSuccess, ncclCommInitRank(&blocking, 1, id, 0));
    process.check(ncclInvalidArgument, ncclCommInitRankConfig(&polled, 1, other, 0, &config));
    process.check(ncclInvalidArgument, ncclGroupEnd());
    process.check(blocking == nullptr && polled == nullptr);
    process.check(counters().live_communicators == 0);
    process.check(counters().unconsumed_ids == 2);
  });
}

TEST_CASE("a communicator in progress refuses all but polling and abort") {
  expect_well(2, {}, [](Process& process) {
    ncclConfig_t config = nonblocking();
    ncclComm_t communicator = nullptr;
    const ncclUniqueId id = process.id();
    if (process.rank() == 1) process.await(0);
    process.check(ncclInProgress, ncclCommInitRankConfig(&communicator, 2, id, process.rank(), &config));
    if (process.rank() == 0) {
      int value = 0;
      process.check(ncclInvalidArgument, ncclCommCount(communicator, &value));
      process.check(ncclInvalidArgument,
                    ncclAllReduce(&value, &value, 1, ncclInt, ncclSum, communicator, nullptr));
      process.check(ncclInvalidArgument, ncclCommFinalize(communicator));
      process.check(ncclInvalidArgument, ncclCommDestroy(communicator));
      process.raise(0);
    }
    process.check(ncclSuccess, settle(communicator));
    process.check(ncclInProgress, ncclCommFinalize(communicator));
    process.check(ncclSuccess, settle(communicator));
    process.check(ncclInvalidArgument, ncclCommFinalize(communicator));
    process.check(ncclSuccess, ncclCommDestroy(communicator));
    process.check(ncclInvalidArgument, ncclCommDestroy(communicator));
  });
}

TEST_CASE("an abort ends a collective, and is an error on the others") {
  expect_well(2, {}, [](Process& process) {
    const Held before = held_now();
    ncclConfig_t config = nonblocking();
    ncclComm_t communicator = nullptr;
    process.check(ncclInProgress,
                  ncclCommInitRankConfig(&communicator, 2, process.id(), process.rank(), &config));
    process.check(ncclSuccess, settle(communicator));
    int value = 1;
    if (process.rank() == 0) {
      process.check(ncclInProgress,
                    ncclAllReduce(&value, &value, 1, ncclInt, ncclSum, communicator, nullptr));
      process.check(ncclInProgress, settle(communicator, 200));
      process.check(ncclSuccess, ncclCommAbort(communicator));
      process.raise(0);
    } else {
      process.await(0);
      const ncclResult_t result = ncclAllReduce(&value, &value, 1, ncclInt, ncclSum, communicator, nullptr);
      process.check(ncclInProgress, result);
      process.check(ncclRemoteError, settle(communicator));
      process.check(ncclSuccess, ncclCommAbort(communicator));
    }
    process.check(back_to(before));
  });
}

TEST_CASE("another thread may abort a blocking initialisation") {
  expect_well(1, {}, [](Process& process) {
    const Held before = held_now();
    ncclComm_t communicator = nullptr;
    const ncclUniqueId id = process.id();
    std::thread waiting([&] { process.check(ncclInternalError, ncclCommInitRank(&communicator, 2, id, 0)); });
    while (std::atomic_ref(communicator).load() == nullptr) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    process.check(ncclSuccess, ncclCommAbort(communicator));
    waiting.join();
    process.check(counters().live_communicators == 0);
    nccl_double::rankmesh_nccl_double_discard_ids();
    process.check(back_to(before));
  });
}

TEST_CASE("a finalize waits for ranks that are alive, and for no other") {
  expect_well(3, {}, [](Process& process) {
    ncclConfig_t config = nonblocking();
    ncclComm_t communicator = nullptr;
    process.check(ncclInProgress,
                  ncclCommInitRankConfig(&communicator, 3, process.id(), process.rank(), &config));
    process.check(ncclSuccess, settle(communicator));
    if (process.rank() == 2) {
      process.await(0, 2);
      process.check(ncclSuccess, ncclCommAbort(communicator));
      return;
    }
    process.check(ncclInProgress, ncclCommFinalize(communicator));
    process.check(ncclInProgress, settle(communicator, 200));
    process.raise(0);
    process.check(ncclSuccess, settle(communicator));
    process.check(ncclSuccess, ncclCommDestroy(communicator));
  });
}
