// Compiled once for each NCCL that has other calls.
#include "successor.hpp"

#include <signal.h>

#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "library.hpp"
#include "proofs.hpp"
#include "rankmesh/nccl/error.hpp"
#include "rankmesh/nccl_double.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using nccl::Communicator;
using nccl::Successor;
using nccl_double::counters;

namespace {

[[maybe_unused]] Environment faults(const std::string& rules) {
  return {{"RANKMESH_DOUBLE_FAULTS", rules}};
}

Communicator owned(ncclComm_t native) {
  return Communicator::from_native_handle(native);
}

/// Advances at most this many times, a millisecond apart. Returns whether it is done.
[[maybe_unused]] bool advance(Successor& successor, int times = 10000) {
  for (int time = 0; time < times; ++time) {
    if (successor.advance()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

}  // namespace

TEST_CASE("calls are there if both the header and the library have them") {
  CHECK(nccl::has_shrink(22999) == (NCCL_VERSION_CODE >= 22700));
  CHECK(nccl::has_shrink(NCCL_VERSION_CODE) == (NCCL_VERSION_CODE >= 22700));
  CHECK_FALSE(nccl::has_shrink(22699));
  CHECK(nccl::has_revoke_and_grow(22999) == (NCCL_VERSION_CODE >= 22900));
  CHECK_FALSE(nccl::has_revoke_and_grow(22899));
}

#if NCCL_VERSION_CODE < 22700
TEST_CASE("without a shrink, the communicator stays the caller's") {
  expect_well(2, {}, [](Process& process) {
    Communicator parent = owned(world(process));
    process.check(Successor::shrink(parent, {1 - process.rank()}, nullptr) == nullptr);
    process.check(!parent.is_empty());
    prove(process, parent.native(), {0, 1});
  });
}
#endif

#if NCCL_VERSION_CODE < 22900
TEST_CASE("without a grow and a revocation, nothing happens") {
  expect_well(1, {}, [](Process& process) {
    const Communicator parent = owned(world(process));
    process.check(!nccl::identifier_for_growth(parent.native()));
    process.check(Successor::grow({.parent = parent.native(), .size = 2}) == nullptr);
    process.check(!nccl::revoke(parent.native()));
    prove(process, parent.native(), {0});
    process.check(counters().grow_calls == 0 && counters().revoke_calls == 0);
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
        std::unique_ptr<Successor> successor = Successor::shrink(parent, {dead}, nullptr);
        process.check(parent.is_empty());
        process.check(advance(*successor));
        Communicator made = successor->take();
        successor.reset();
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
      const std::unique_ptr<Successor> successor = Successor::shrink(parent, {1}, &config);
      process.check(advance(*successor));
      const Communicator made = successor->take();
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

TEST_CASE("a shrink that fails is an error with its call, and frees both communicators") {
  for (const bool polled : {false, true}) {
    for (const char* fault : {"error:2", "async:2"}) {
      CAPTURE(polled, fault);
      expect_well(2, faults(std::string("ncclCommShrink@*=") + fault), [polled](Process& process) {
        Communicator parent = owned(polled ? polled_world(process) : world(process));
        std::optional<nccl::NcclError> error;
        try {
          const auto successor = Successor::shrink(parent, {1 - process.rank()}, nullptr);
          process.check(polled && !advance(*successor));
        } catch (const nccl::NcclError& caught) {
          error = caught;
        }
        process.check(error && error->details().call == "ncclCommShrink");
        process.check(error && error->details().code == ncclSystemError);
        process.check(parent.is_empty() && counters().live_communicators == 0);
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
        std::unique_ptr<Successor> successor = Successor::shrink(parent, {2}, nullptr);
        process.check(!advance(*successor, 300));
        // A rank that gives up may be an error on the other.
        process.raise(2);
        process.await(2, 2);
        successor.reset();
      }
      process.check(counters().live_communicators == 0);
      nccl_double::rankmesh_nccl_double_discard_ids();
      process.check(back_to(before));
    });
  }
}
#endif

#if NCCL_VERSION_CODE >= 22900
TEST_CASE("a grow adds ranks to a communicator") {
  for (const bool polled : {false, true}) {
    CAPTURE(polled);
    expect_well(3, {}, [polled](Process& process) {
      const ncclUniqueId first = process.id();
      ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
      config.blocking = polled ? 0 : 1;
      ncclComm_t native = nullptr;
      if (process.rank() < 2) {
        const ncclResult_t started = ncclCommInitRankConfig(&native, 2, first, process.rank(), &config);
        process.check(ncclSuccess, started == ncclInProgress ? settle(native) : started);
      }
      Communicator parent = owned(native);
      const ncclUniqueId added = process.id(1, 1, [&](ncclUniqueId* identifier) {
        *identifier = nccl::identifier_for_growth(parent.native()).value();
        return ncclSuccess;
      });
      Successor::Growth growth{.parent = parent.native(), .size = 3, .position = process.rank()};
      if (process.rank() != 0) growth.identifier = added;
      if (process.rank() == 2) growth.config = &config;
      const std::unique_ptr<Successor> successor = Successor::grow(growth);
      process.check(advance(*successor));
      const Communicator made = successor->take();
      parent.reset();
      prove(process, made.native(), {0, 1, 2});
      process.check(counters().live_communicators == 1);
    });
  }
}

TEST_CASE("a grow that does not end is given up, and its parent stays") {
  expect_well(2, {}, [](Process& process) {
    Communicator parent = owned(polled_world(process));
    std::unique_ptr<Successor> successor = Successor::grow({.parent = parent.native(), .size = 3});
    process.check(!advance(*successor, 300));
    process.meet(0);
    successor.reset();
    prove(process, parent.native(), {0, 1});
    process.check(counters().live_communicators == 1);
  });
}

TEST_CASE("errors of a grow have their call") {
  expect_well(1, faults("ncclCommGetUniqueId@*=error:2;ncclCommRevoke@*#1=error:2"), [](Process& process) {
    const Communicator parent = owned(world(process));
    std::vector<std::string> calls;
    const auto note = [&calls](auto call) {
      try {
        call();
      } catch (const nccl::NcclError& error) {
        calls.push_back(error.details().call);
      }
    };
    note([&] { std::ignore = nccl::identifier_for_growth(parent.native()); });
    note([&] { std::ignore = nccl::revoke(parent.native()); });
    note([&] { std::ignore = Successor::grow({.parent = parent.native(), .size = 1}); });
    process.check(calls == std::vector<std::string>{"ncclCommGetUniqueId", "ncclCommRevoke", "ncclCommGrow"});
    process.check(counters().live_communicators == 1);
  });
}

TEST_CASE("a revocation ends a pending operation, and the communicator can be shrunk") {
  expect_well(3, {}, [](Process& process) {
    Communicator parent = owned(polled_world(process));
    int value = 1;
    if (process.rank() == 0) {
      process.check(ncclInProgress,
                    ncclAllReduce(&value, &value, 1, ncclInt, ncclSum, parent.native(), nullptr));
    }
    process.check(nccl::revoke(parent.native()));
    process.check(ncclSuccess, settle(parent.native()));
    if (process.rank() == 1) return;
    const std::unique_ptr<Successor> successor = Successor::shrink(parent, {1}, nullptr);
    process.check(advance(*successor));
    const Communicator made = successor->take();
    prove(process, made.native(), {0, 2});
  });
}
#endif
