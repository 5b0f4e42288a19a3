#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "proofs.hpp"
#include "rankmesh/nccl_double.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using nccl_double::counters;

namespace {

/// Revokes a communicator, and waits for the end.
void revoke(Process& process, ncclComm_t communicator, bool polled) {
  const ncclResult_t started = ncclCommRevoke(communicator, NCCL_REVOKE_DEFAULT);
  process.check(polled ? ncclInProgress : ncclSuccess, started);
  process.check(ncclSuccess, settle(communicator));
}

void expect_refusals(Process& process, ncclComm_t revoked) {
  int value = 1;
  process.check(ncclInvalidUsage, ncclAllReduce(&value, &value, 1, ncclInt, ncclSum, revoked, nullptr));
  process.check(ncclInvalidUsage, ncclBroadcast(&value, &value, 1, ncclInt, 0, revoked, nullptr));
  process.check(ncclInvalidArgument, ncclCommFinalize(revoked));
  process.check(ncclInvalidArgument, ncclCommRevoke(revoked, NCCL_REVOKE_DEFAULT));
  ncclResult_t state = ncclInProgress;
  process.check(ncclSuccess, ncclCommGetAsyncError(revoked, &state));
  process.check(ncclSuccess, state);
}

}  // namespace

TEST_CASE("a revoked communicator refuses collectives, and can be split, shrunk and destroyed") {
  for (const bool polled : {false, true}) {
    expect_well(4, {}, [polled](Process& process) {
      const Held before = held_now();
      ncclComm_t const parent = polled ? polled_world(process) : world(process);
      process.check(ncclInvalidArgument, ncclCommRevoke(parent, 1));
      process.check(ncclSuccess, ncclCommRevoke(nullptr, NCCL_REVOKE_DEFAULT));
      prove(process, parent, all_ranks(4));
      process.meet(0);
      revoke(process, parent, polled);
      expect_refusals(process, parent);
      for (int time = 0; time < 2; ++time) {
        ncclComm_t half = nullptr;
        const ncclResult_t split = ncclCommSplit(parent, process.rank() % 2, 0, &half, nullptr);
        process.check(ncclSuccess, split == ncclInProgress ? settle(parent) : split);
        prove(process, half, {process.rank() % 2, process.rank() % 2 + 2});
        close(process, half);
      }
      if (process.rank() != 2) {
        ncclComm_t rest = nullptr;
        int excluded = 2;
        const ncclResult_t shrunk = ncclCommShrink(parent, &excluded, 1, &rest, nullptr, NCCL_SHRINK_DEFAULT);
        process.check(ncclSuccess, shrunk == ncclInProgress ? settle(parent) : shrunk);
        prove(process, rest, {0, 1, 3});
        close(process, rest);
      }
      // The destruction is local: rank 0 does not wait for the others.
      if (process.rank() != 0) process.await(1);
      process.check(ncclSuccess, ncclCommDestroy(parent));
      process.raise(1);
      process.check(counters().live_communicators == 0 && counters().revoke_calls == 4);
      process.check(back_to(before));
    });
  }
}

TEST_CASE("a revocation ends operations in progress on its rank, and is an error on the others") {
  for (const int revoker : {0, 1}) {
    CAPTURE(revoker);
    expect_well(3, {}, [revoker](Process& process) {
      ncclComm_t const communicator = polled_world(process);
      int value = 1;
      // Rank 2 never calls the collective.
      if (process.rank() != 2) {
        process.check(ncclInProgress,
                      ncclAllReduce(&value, &value, 1, ncclInt, ncclSum, communicator, nullptr));
      }
      if (process.rank() == revoker) {
        process.check(ncclInProgress, settle(communicator, 200));
        revoke(process, communicator, true);
        expect_refusals(process, communicator);
        process.check(cudaStreamSynchronize(nullptr) == cudaSuccess);
        process.raise(0);
      } else if (process.rank() != 2) {
        // Rank 0 notices a lost rank when it reads, the others when rank 0 has gone.
        process.check(ncclRemoteError, settle(communicator));
      }
      process.await(0);
      process.check(ncclSuccess, ncclCommAbort(communicator));
      process.check(counters().live_communicators == 0);
    });
  }
}

TEST_CASE("a revocation ends a blocking operation of another thread") {
  expect_well(2, {}, [](Process& process) {
    ncclComm_t const communicator = world(process);
    if (process.rank() == 0) {
      int value = 1;
      std::thread reducing([&] {
        process.check(ncclInternalError,
                      ncclAllReduce(&value, &value, 1, ncclInt, ncclSum, communicator, nullptr));
      });
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      revoke(process, communicator, false);
      reducing.join();
      expect_refusals(process, communicator);
    }
    process.meet(0);
    process.check(ncclSuccess, ncclCommAbort(communicator));
  });
}

TEST_CASE("a revocation ends a shrink in progress, and another shrink can follow") {
  expect_well(4, {}, [](Process& process) {
    const Held before = held_now();
    ncclComm_t const parent = polled_world(process);
    if (process.rank() < 2) {
      int excluded = 3;
      ncclComm_t child = nullptr;
      process.check(ncclInProgress,
                    ncclCommShrink(parent, &excluded, 1, &child, nullptr, NCCL_SHRINK_DEFAULT));
      process.check(ncclInProgress, settle(parent, 300));
      revoke(process, parent, true);
      process.check(child != nullptr);
      process.check(ncclSuccess, ncclCommAbort(child));
      int both[] = {2, 3};
      process.check(ncclInProgress, ncclCommShrink(parent, both, 2, &child, nullptr, NCCL_SHRINK_DEFAULT));
      process.check(ncclSuccess, settle(parent));
      prove(process, child, {0, 1});
      close(process, child);
      process.check(ncclSuccess, ncclCommDestroy(parent));
    } else {
      process.check(ncclSuccess, ncclCommAbort(parent));
    }
    process.check(back_to(before));
  });
}

TEST_CASE("a rank that arrives at a shrink again counts once") {
  expect_well(4, {}, [](Process& process) {
    ncclComm_t const parent = polled_world(process);
    if (process.rank() != 3) {
      int excluded = 3;
      ncclComm_t child = nullptr;
      const auto start = [&] {
        process.check(ncclInProgress,
                      ncclCommShrink(parent, &excluded, 1, &child, nullptr, NCCL_SHRINK_DEFAULT));
      };
      if (process.rank() == 2) process.await(0);
      start();
      if (process.rank() == 1) {
        process.check(ncclInProgress, settle(parent, 300));
        revoke(process, parent, true);
        process.check(ncclSuccess, ncclCommAbort(child));
        start();
        process.check(ncclInProgress, settle(parent, 300));
        process.raise(0);
      }
      process.check(ncclSuccess, settle(parent));
      prove(process, child, {0, 1, 2});
      close(process, child);
    }
    process.meet(1);
    process.check(ncclSuccess, ncclCommAbort(parent));
  });
}

TEST_CASE("a finalized communicator cannot be revoked") {
  expect_well(1, {}, [](Process& process) {
    ncclComm_t const communicator = world(process);
    process.check(ncclSuccess, ncclCommFinalize(communicator));
    process.check(ncclInvalidArgument, ncclCommRevoke(communicator, NCCL_REVOKE_DEFAULT));
    process.check(ncclSuccess, ncclCommDestroy(communicator));
  });
}

TEST_CASE("faults of a revocation") {
  const std::string rules = "ncclCommRevoke@0#1=error:2;ncclCommRevoke@1=async:3;ncclCommRevoke@2=hang";
  expect_well(3, {{"RANKMESH_DOUBLE_FAULTS", rules}}, [](Process& process) {
    ncclComm_t const communicator = polled_world(process);
    const ncclResult_t started = ncclCommRevoke(communicator, NCCL_REVOKE_DEFAULT);
    process.check(process.rank() == 0 ? ncclSystemError : ncclInProgress, started);
    const std::vector<ncclResult_t> expected{ncclSuccess, ncclInternalError, ncclInProgress};
    process.check(expected[static_cast<std::size_t>(process.rank())], settle(communicator, 300));
    if (process.rank() == 0) revoke(process, communicator, true);
    process.check(ncclSuccess, ncclCommAbort(communicator));
    process.check(counters().live_communicators == 0);
  });
}
