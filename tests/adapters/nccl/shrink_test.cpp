// Compiled with an NCCL that has no shrink, and with one that has.
#include "shrink.hpp"

#include <signal.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "library.hpp"
#include "proofs.hpp"
#include "rankmesh/nccl_double.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using nccl::Communicator;
using nccl::Shrink;
using nccl_double::counters;

namespace {

[[maybe_unused]] Environment faults(const std::string& rules) {
  return {{"RANKMESH_DOUBLE_FAULTS", rules}};
}

Communicator owned(ncclComm_t native) {
  return Communicator::from_native_handle(native);
}

/// Polls at most this many times, a millisecond apart. Returns the last state.
[[maybe_unused]] ncclResult_t settled(const Shrink& shrink, int times = 10000) {
  ncclResult_t state = shrink.state();
  for (int time = 0; time < times && state == ncclInProgress; ++time) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    state = shrink.state();
  }
  return state;
}

/// The state in which a shrink ends.
[[maybe_unused]] ncclResult_t end_of(Shrink& shrink, std::vector<int> lost, ncclConfig_t* config = nullptr) {
  const ncclResult_t begun = shrink.begin(std::move(lost), config);
  return nccl::is_failure(begun) ? begun : settled(shrink);
}

}  // namespace

TEST_CASE("calls are there if both the header and the library have them") {
  CHECK(nccl::has_shrink(22999) == (NCCL_VERSION_CODE >= 22700));
  CHECK(nccl::has_shrink(NCCL_VERSION_CODE) == (NCCL_VERSION_CODE >= 22700));
  CHECK_FALSE(nccl::has_shrink(22699));
}

#if NCCL_VERSION_CODE < 22700
TEST_CASE("without a shrink, the call is an error") {
  expect_well(2, {}, [](Process& process) {
    Shrink shrink(owned(world(process)));
    process.check(ncclInvalidUsage, shrink.begin({1 - process.rank()}, nullptr));
  });
}
#endif

#if NCCL_VERSION_CODE >= 22700
TEST_CASE("a shrink leaves out the lost members, and keeps the order of the others") {
  for (const bool polled : {false, true}) {
    for (const int dead : {0, 1, 3}) {
      CAPTURE(polled, dead);
      const Outcome outcome = run_processes(4, {}, [=](Process& process) {
        const Held before = held_now();
        Communicator parent = owned(polled ? polled_world(process) : world(process));
        process.meet(0);
        if (process.rank() == dead) ::raise(SIGKILL);
        auto shrink = std::make_unique<Shrink>(std::move(parent));
        process.check(ncclSuccess, end_of(*shrink, {dead}));
        Communicator made = shrink->take();
        shrink.reset();
        process.check(counters().live_communicators == 1);
        std::vector<int> remaining = all_ranks(4);
        std::erase(remaining, dead);
        prove(process, made.native(), remaining);
        made.reset();
        nccl_double::rankmesh_nccl_double_discard_ids();
        process.check(back_to(before));
      });
      std::vector<int> expected(4, 0);
      expected[static_cast<std::size_t>(dead)] = -SIGKILL;
      CHECK(outcome.failures == "");
      CHECK(outcome.statuses == expected);
    }
  }
}

TEST_CASE("a shrink follows an operation that hangs, and takes another configuration") {
  expect_well(3, {}, [](Process& process) {
    Communicator parent = owned(polled_world(process));
    if (process.rank() != 1) {
      int value = 1;
      process.check(ncclInProgress,
                    ncclAllReduce(&value, &value, 1, ncclInt, ncclSum, parent.native(), nullptr));
      process.meet(0);
      ncclConfig_t config = nonblocking();
      config.maxCTAs = 8;
      Shrink shrink(std::move(parent));
      process.check(ncclSuccess, end_of(shrink, {1}, &config));
      const Communicator made = shrink.take();
      prove(process, made.native(), {0, 2});
      ncclConfig_t found = NCCL_CONFIG_INITIALIZER;
      process.check(nccl_double::rankmesh_nccl_double_config(made.native(), &found) == 1);
      process.check(found.maxCTAs == 8);
      process.raise(1);
    } else {
      process.meet(0);
      process.await(1, 2);
      process.check(ncclSuccess, ncclCommAbort(parent.release()));
    }
  });
}

TEST_CASE("a shrink that fails has its code, and frees both communicators") {
  for (const bool polled : {false, true}) {
    for (const char* fault : {"error:2", "async:2"}) {
      CAPTURE(polled, fault);
      expect_well(2, faults(std::string("ncclCommShrink@*=") + fault), [polled](Process& process) {
        auto shrink = std::make_unique<Shrink>(owned(polled ? polled_world(process) : world(process)));
        process.check(ncclSystemError, end_of(*shrink, {1 - process.rank()}));
        shrink.reset();
        process.check(counters().live_communicators == 0);
      });
    }
  }
}

TEST_CASE("a shrink that does not end is given up without waiting") {
  // nccl#2397, and a remaining member that does not come.
  for (const char* fault : {"ncclCommShrink@*=needs_excluded", "ncclCommShrink@1=hang"}) {
    CAPTURE(fault);
    expect_well(3, faults(fault), [](Process& process) {
      const Held before = held_now();
      Communicator parent = owned(polled_world(process));
      process.meet(0);
      if (process.rank() == 2) {
        process.check(ncclSuccess, ncclCommAbort(parent.release()));
        process.raise(1);
      } else {
        process.await(1);
        auto shrink = std::make_unique<Shrink>(std::move(parent));
        process.check(!nccl::is_failure(shrink->begin({2}, nullptr)));
        process.check(ncclInProgress, settled(*shrink, 300));
        // A rank that gives up may be an error on the other.
        process.raise(2);
        process.await(2, 2);
        shrink.reset();
      }
      process.check(counters().live_communicators == 0);
      nccl_double::rankmesh_nccl_double_discard_ids();
      process.check(back_to(before));
    });
  }
}
#endif
