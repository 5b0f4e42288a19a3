// A parent that is aborted during a split.
#include <atomic>
#include <chrono>
#include <thread>

#include "proofs.hpp"
#include "rankmesh/nccl_double.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using nccl_double::counters;

namespace {

/// The last rank has no color.
int color_of(const Process& process) {
  return process.rank() + 1 == process.size() ? NCCL_SPLIT_NOCOLOR : 0;
}

/// Checks and aborts the child of a failed split: it has the error. A rank without a color has no child.
void expect_broken_child(Process& process, ncclComm_t child, ncclResult_t error) {
  process.check((child == nullptr) == (color_of(process) == NCCL_SPLIT_NOCOLOR));
  process.check(counters().live_communicators == (child == nullptr ? 0 : 1));
  if (child == nullptr) return;
  ncclResult_t state = ncclSuccess;
  process.check(ncclSuccess, ncclCommGetAsyncError(child, &state));
  process.check(error, state);
  process.check(error, ncclCommDestroy(child));
  process.check(ncclSuccess, ncclCommAbort(child));
  process.check(counters().live_communicators == 0);
}

/// The split of one rank hangs until the rank aborts the parent; then the split of the others fails.
void abort_polled(Process& process, int aborter) {
  const Held before = held_now();
  ncclComm_t const parent = polled_world(process);
  ncclComm_t child = nullptr;
  process.check(ncclInProgress, ncclCommSplit(parent, color_of(process), 0, &child, nullptr));
  if (process.rank() == aborter) {
    process.check(ncclInProgress, settle(parent, 200));
    process.check(std::atomic_ref(child).load() == nullptr);
  } else {
    process.check(ncclRemoteError, settle(parent));
  }
  process.check(ncclSuccess, ncclCommAbort(parent));
  expect_broken_child(process, child, process.rank() == aborter ? ncclInternalError : ncclRemoteError);
  process.check(back_to(before));
}

void abort_blocking(Process& process, int aborter) {
  const Held before = held_now();
  ncclComm_t const parent = world(process);
  ncclComm_t child = nullptr;
  if (process.rank() == aborter) {
    std::thread splitting([&] {
      process.check(ncclInternalError, ncclCommSplit(parent, color_of(process), 0, &child, nullptr));
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    process.check(ncclSuccess, ncclCommAbort(parent));
    splitting.join();
  } else {
    process.check(ncclRemoteError, ncclCommSplit(parent, color_of(process), 0, &child, nullptr));
    process.check(ncclSuccess, ncclCommAbort(parent));
  }
  expect_broken_child(process, child, process.rank() == aborter ? ncclInternalError : ncclRemoteError);
  process.check(back_to(before));
}

}  // namespace

TEST_CASE("an abort of the parent ends a split on all ranks") {
  for (const int aborter : {0, 1, 3}) {
    CAPTURE(aborter);
    const Environment hang{{"RANKMESH_DOUBLE_FAULTS", "ncclCommSplit@" + std::to_string(aborter) + "=hang"}};
    expect_well(4, hang, [aborter](Process& process) { abort_polled(process, aborter); });
    expect_well(4, hang, [aborter](Process& process) { abort_blocking(process, aborter); });
  }
}

TEST_CASE("an abort ends the wait of a rank that splits alone, and a rank that splits later gets an error") {
  for (const int early : {0, 1}) {
    CAPTURE(early);
    expect_well(3, {}, [early](Process& process) {
      const Held before = held_now();
      ncclComm_t const parent = polled_world(process);
      ncclComm_t child = nullptr;
      if (process.rank() != early) process.await(0);
      process.check(ncclInProgress, ncclCommSplit(parent, color_of(process), 0, &child, nullptr));
      const ncclResult_t state = settle(parent, process.rank() == early ? 200 : 10000);
      // The split of a rank without a color ends as soon as it knows all colors, which `early` signals.
      const bool may_succeed = color_of(process) == NCCL_SPLIT_NOCOLOR && state == ncclSuccess;
      if (!may_succeed) process.check(process.rank() == early ? ncclInProgress : ncclRemoteError, state);
      process.check(ncclSuccess, ncclCommAbort(parent));
      process.raise(0);
      expect_broken_child(process, child, process.rank() == early ? ncclInternalError : ncclRemoteError);
      process.check(back_to(before));
    });
  }
}

TEST_CASE("a child outlives the abort of its parent") {
  expect_well(3, {}, [](Process& process) {
    ncclComm_t const parent = world(process);
    ncclComm_t child = nullptr;
    process.check(ncclSuccess, ncclCommSplit(parent, 0, -process.rank(), &child, nullptr));
    process.check(ncclSuccess, ncclCommAbort(parent));
    prove(process, child, {2, 1, 0});
    close(process, child);
    process.check(counters().live_communicators == 0);
  });
}

TEST_CASE("an abort at any time during a split leaks nothing") {
  for (int delay = 0; delay < 12; ++delay) {
    CAPTURE(delay);
    expect_well(4, {}, [delay](Process& process) {
      const Held before = held_now();
      ncclComm_t const parent = world(process);
      ncclComm_t child = nullptr;
      process.meet(0);
      if (process.rank() == delay % 4) {
        std::thread splitting([&] {
          // The split may end before the abort, or the rank may start it after the abort.
          std::ignore = ncclCommSplit(parent, process.rank() % 2, 0, &child, nullptr);
        });
        std::this_thread::sleep_for(std::chrono::microseconds(50 * delay));
        process.check(ncclSuccess, ncclCommAbort(parent));
        splitting.join();
      } else {
        std::ignore = ncclCommSplit(parent, process.rank() % 2, 0, &child, nullptr);
        process.check(ncclSuccess, ncclCommAbort(parent));
      }
      process.check(ncclSuccess, ncclCommAbort(child));
      process.check(counters().live_communicators == 0);
      process.check(back_to(before));
    });
  }
}
