#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
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

Environment faults(const std::string& rules) {
  return {{"RANKMESH_DOUBLE_FAULTS", rules}};
}

/// Whether communicators are blocking.
enum class Manner { blocking, polled };

ncclComm_t world_of(Process& process, Manner manner, int slot = 0) {
  return manner == Manner::blocking ? world(process, slot) : polled_world(process, slot);
}

bool is_excluded(const Process& process, const std::vector<int>& excluded) {
  return std::find(excluded.begin(), excluded.end(), process.rank()) != excluded.end();
}

std::vector<int> all_but(int size, const std::vector<int>& excluded) {
  std::vector<int> result = all_ranks(size);
  std::erase_if(
      result, [&](int rank) { return std::find(excluded.begin(), excluded.end(), rank) != excluded.end(); });
  return result;
}

/// Calls ncclCommShrink.
ncclResult_t start(ncclComm_t parent, std::vector<int> excluded, ncclComm_t* child,
                   int flags = NCCL_SHRINK_DEFAULT, ncclConfig_t* config = nullptr) {
  return ncclCommShrink(parent, excluded.data(), static_cast<int>(excluded.size()), child, config, flags);
}

/// Shrinks, and waits for the end.
ncclComm_t shrink(Process& process, ncclComm_t parent, const std::vector<int>& excluded,
                  int flags = NCCL_SHRINK_DEFAULT) {
  ncclComm_t child = nullptr;
  const ncclResult_t started = start(parent, excluded, &child, flags);
  process.check(ncclSuccess, started == ncclInProgress ? settle(parent) : started);
  process.check(child != nullptr);
  return child;
}

/// Checks that a shrink on a polled parent does not end on `count` ranks, and ends it by an abort of the
/// parent.
void expect_hang(Process& process, ncclComm_t parent, const std::vector<int>& excluded, int count) {
  ncclComm_t child = nullptr;
  process.check(ncclInProgress, start(parent, excluded, &child));
  process.check(ncclInProgress, settle(parent, 300));
  process.check(std::atomic_ref(child).load() == nullptr);
  // A rank that aborts may be an error on those that wait for it.
  process.raise(31);
  process.await(31, count);
  process.check(ncclSuccess, ncclCommAbort(parent));
  ncclResult_t state = ncclSuccess;
  process.check(ncclSuccess, ncclCommGetAsyncError(child, &state));
  process.check(state == ncclInternalError || state == ncclRemoteError);
  process.check(ncclSuccess, ncclCommAbort(child));
  process.check(counters().live_communicators == 0);
}

void expect(const Outcome& outcome, const std::vector<int>& killed) {
  std::vector<int> expected(outcome.statuses.size(), 0);
  for (const int rank : killed) expected[static_cast<std::size_t>(rank)] = -SIGKILL;
  CHECK(outcome.failures == "");
  CHECK(outcome.statuses == expected);
}

}  // namespace

TEST_CASE("a shrink keeps the order of the remaining ranks, which call it alone") {
  for (const Manner manner : {Manner::blocking, Manner::polled}) {
    for (const int flags : {NCCL_SHRINK_DEFAULT, NCCL_SHRINK_ABORT}) {
      expect_well(6, {}, [=](Process& process) {
        const Held before = held_now();
        ncclComm_t const parent = world_of(process, manner);
        const std::vector<int> excluded{4, 0};
        if (!is_excluded(process, excluded)) {
          ncclComm_t const child = shrink(process, parent, excluded, flags);
          prove(process, child, {1, 2, 3, 5});
          ncclComm_t const again = shrink(process, parent, excluded, flags);
          prove(process, again, {1, 2, 3, 5});
          // Ranks 1 and 2 of the child are the processes 2 and 3.
          if (process.rank() == 1 || process.rank() == 5) {
            ncclComm_t const grandchild = shrink(process, child, {2, 1});
            prove(process, grandchild, {1, 5});
            close(process, grandchild);
          }
          close(process, again);
          process.check(ncclSuccess, ncclCommAbort(child));
          process.check(counters().shrink_calls == (process.rank() == 1 || process.rank() == 5 ? 3 : 2));
        }
        close(process, parent);
        process.check(back_to(before));
      });
    }
  }
}

TEST_CASE("the child of a non-blocking shrink is there when the parent is ready") {
  expect_well(3, {}, [](Process& process) {
    ncclComm_t const parent = polled_world(process);
    ncclComm_t child = parent;
    if (process.rank() == 2) process.await(0);
    if (process.rank() != 1) {
      process.check(ncclInProgress, start(parent, {1}, &child));
      if (process.rank() == 0) {
        process.check(std::atomic_ref(child).load() == nullptr);
        ncclComm_t second = nullptr;
        process.check(ncclInvalidUsage, start(parent, {1}, &second));
        process.check(second == nullptr);
        process.raise(0);
      }
      process.check(ncclSuccess, settle(parent));
      prove(process, child, {0, 2});
      close(process, child);
    }
    close(process, parent);
  });
}

TEST_CASE("shrinks of several communicators run together in a group") {
  for (const Manner manner : {Manner::blocking, Manner::polled}) {
    expect_well(4, {}, [manner](Process& process) {
      ncclComm_t const first = world_of(process, manner, 0);
      ncclComm_t const second = world_of(process, manner, 1);
      if (process.rank() != 3) {
        ncclComm_t from_first = nullptr;
        ncclComm_t from_second = nullptr;
        process.check(ncclSuccess, ncclGroupStart());
        // Rank 1 uses another order, so the calls can complete only if they run concurrently.
        if (process.rank() != 1) process.check(ncclSuccess, start(first, {3}, &from_first));
        process.check(ncclSuccess, start(second, {3}, &from_second));
        if (process.rank() == 1) process.check(ncclSuccess, start(first, {3}, &from_first));
        const ncclResult_t ended = ncclGroupEnd();
        process.check(manner == Manner::polled ? ncclInProgress : ncclSuccess, ended);
        process.check(ncclSuccess, settle(first));
        process.check(ncclSuccess, settle(second));
        prove(process, from_first, {0, 1, 2});
        prove(process, from_second, {0, 1, 2});
        close(process, from_second);
        close(process, from_first);
        process.check(ncclSuccess, ncclGroupStart());
        process.check(ncclSuccess, start(first, {3}, &from_first));
        process.check(ncclInvalidArgument, start(second, {process.rank()}, &from_second));
        process.check(ncclInvalidArgument, ncclGroupEnd());
        process.check(from_first == nullptr && counters().live_communicators == 2);
      }
      close(process, second);
      close(process, first);
    });
  }
}

TEST_CASE("the child of a shrink has its parent's configuration unless it is given its own") {
  expect_well(2, {}, [](Process& process) {
    ncclConfig_t given = NCCL_CONFIG_INITIALIZER;
    given.maxCTAs = 16;
    given.shrinkShare = 1;
    ncclComm_t parent = nullptr;
    process.check(ncclSuccess, ncclCommInitRankConfig(&parent, 2, process.id(), process.rank(), &given));
    if (process.rank() == 1) {
      ncclConfig_t own = nonblocking();
      ncclComm_t inherits = nullptr;
      ncclComm_t configured = nullptr;
      process.check(ncclSuccess, start(parent, {0}, &inherits));
      process.check(ncclSuccess, start(parent, {0}, &configured, NCCL_SHRINK_DEFAULT, &own));
      ncclConfig_t found = NCCL_CONFIG_INITIALIZER;
      process.check(nccl_double::rankmesh_nccl_double_config(inherits, &found) == 1);
      process.check(found.maxCTAs == 16 && found.shrinkShare == 1 && found.blocking == 1);
      process.check(nccl_double::rankmesh_nccl_double_config(configured, &found) == 1);
      process.check(found.maxCTAs == 64 && found.shrinkShare == 0 && found.blocking == 0);
      close(process, configured);
      close(process, inherits);
    }
    close(process, parent);
  });
}

TEST_CASE("a shrink refuses a wrong list of ranks, and sorts a right one") {
  expect_well(4, {}, [](Process& process) {
    ncclComm_t const parent = world(process);
    ncclComm_t child = nullptr;
    const int own = process.rank();
    const int other = (own + 1) % 4;
    process.check(ncclInvalidArgument, ncclCommShrink(parent, nullptr, 1, &child, nullptr, 0));
    for (const std::vector<int>& wrong :
         std::vector<std::vector<int>>{{}, {own}, {other, own}, {-1}, {4}, {other, other}}) {
      process.check(ncclInvalidArgument, start(parent, wrong, &child));
    }
    process.check(ncclInvalidArgument, start(parent, {other}, nullptr));
    process.check(ncclInvalidArgument, start(parent, {other}, &child, 2));
    process.check(ncclInvalidArgument, start(nullptr, {other}, &child));
    process.check(child == nullptr && counters().live_communicators == 1);
    if (own < 2) {
      std::vector<int> list{3, 2};
      process.check(ncclSuccess, ncclCommShrink(parent, list.data(), 2, &child, nullptr, 0));
      process.check(list == std::vector<int>{2, 3});
      close(process, child);
    }
    process.check(ncclSuccess, ncclCommFinalize(parent));
    process.check(ncclInvalidUsage, start(parent, {other}, &child));
    process.check(ncclSuccess, ncclCommDestroy(parent));
  });
}

TEST_CASE("ranks that died before are left out") {
  for (const std::vector<int>& dead : std::vector<std::vector<int>>{{0}, {2}, {4}, {0, 1, 4}}) {
    for (const Manner manner : {Manner::blocking, Manner::polled}) {
      CAPTURE(dead);
      expect(run_processes(5, {},
                           [&](Process& process) {
                             ncclComm_t const parent = world_of(process, manner);
                             process.meet(0);
                             if (is_excluded(process, dead)) ::raise(SIGKILL);
                             ncclComm_t const child = shrink(process, parent, dead);
                             prove(process, child, all_but(5, dead));
                             process.check(ncclSuccess, ncclCommAbort(parent));
                             prove(process, child, all_but(5, dead));
                             close(process, child);
                             process.check(counters().live_communicators == 0);
                           }),
             dead);
    }
  }
}

TEST_CASE("NCCL_SHRINK_ABORT takes a parent that has an error; NCCL_SHRINK_DEFAULT does not") {
  for (const int dead : {0, 1, 3}) {
    CAPTURE(dead);
    expect(run_processes(4, faults("ncclAllReduce@" + std::to_string(dead) + "=die"),
                         [dead](Process& process) {
                           ncclComm_t const parent = polled_world(process);
                           int value = 1;
                           process.check(ncclInProgress,
                                         ncclAllReduce(&value, &value, 1, ncclInt, ncclSum, parent, nullptr));
                           process.check(ncclRemoteError, settle(parent));
                           ncclComm_t child = nullptr;
                           process.check(ncclRemoteError, start(parent, {dead}, &child));
                           child = shrink(process, parent, {dead}, NCCL_SHRINK_ABORT);
                           prove(process, child, all_but(4, {dead}));
                           process.check(ncclSuccess, ncclCommAbort(parent));
                           close(process, child);
                         }),
           {dead});
  }
}

TEST_CASE("NCCL_SHRINK_ABORT ends operations in progress") {
  for (const int absent : {0, 2}) {
    expect_well(3, {}, [absent](Process& process) {
      const Held before = held_now();
      ncclComm_t const parent = polled_world(process);
      if (process.rank() == absent) {
        process.await(0, 2);
      } else {
        int value = 1;
        process.check(ncclInProgress, ncclAllReduce(&value, &value, 1, ncclInt, ncclSum, parent, nullptr));
        process.check(ncclInProgress, settle(parent, 200));
        ncclComm_t child = nullptr;
        process.check(ncclInvalidArgument, start(parent, {absent}, &child));
        // One rank must not end its operation before the other has started its own.
        process.raise(1);
        process.await(1, 2);
        child = shrink(process, parent, {absent}, NCCL_SHRINK_ABORT);
        prove(process, child, all_but(3, {absent}));
        close(process, child);
        process.raise(0);
      }
      process.check(ncclSuccess, ncclCommAbort(parent));
      process.check(back_to(before));
    });
  }
}

TEST_CASE("NCCL_SHRINK_ABORT ends a blocking operation of another thread") {
  expect_well(3, {}, [](Process& process) {
    ncclComm_t const parent = world(process);
    if (process.rank() != 0) {
      int value = 1;
      std::thread reducing([&] {
        const ncclResult_t result = ncclAllReduce(&value, &value, 1, ncclInt, ncclSum, parent, nullptr);
        process.check(result == ncclInternalError || result == ncclRemoteError);
      });
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      ncclComm_t const child = shrink(process, parent, {0}, NCCL_SHRINK_ABORT);
      reducing.join();
      prove(process, child, {1, 2});
      close(process, child);
      process.raise(0);
    } else {
      process.await(0, 2);
    }
    process.check(ncclSuccess, ncclCommAbort(parent));
  });
}

TEST_CASE("if one rank fails to shrink, the others wait until they abort") {
  for (const char* fault : {"error:2", "async:2"}) {
    for (const int failing : {1, 2}) {
      CAPTURE(fault, failing);
      const std::string rule = "ncclCommShrink@" + std::to_string(failing) + "=" + fault;
      expect_well(4, faults(rule), [failing](Process& process) {
        const Held before = held_now();
        ncclComm_t const parent = polled_world(process);
        if (process.rank() == 0) {
          process.check(ncclSuccess, ncclCommAbort(parent));
        } else if (process.rank() == failing) {
          ncclComm_t child = nullptr;
          const ncclResult_t started = start(parent, {0}, &child);
          process.check(ncclSystemError, started == ncclInProgress ? settle(parent) : started);
          process.check(ncclSuccess, ncclCommAbort(parent));
          process.check(ncclSuccess, ncclCommAbort(child));
        } else {
          expect_hang(process, parent, {0}, 2);
        }
        process.check(back_to(before));
      });
    }
  }
}

TEST_CASE("a shrink waits for every remaining rank, until an abort") {
  for (const int absent : {1, 3}) {
    expect_well(4, {}, [absent](Process& process) {
      const Held before = held_now();
      ncclComm_t const parent = polled_world(process);
      if (process.rank() == 0 || process.rank() == absent) {
        process.check(ncclSuccess, ncclCommAbort(parent));
      } else {
        expect_hang(process, parent, {0}, 2);
      }
      process.check(back_to(before));
    });
  }
}

TEST_CASE("ranks that exclude different ranks do not meet") {
  expect_well(3, {}, [](Process& process) {
    ncclComm_t const parent = polled_world(process);
    if (process.rank() == 1) {
      process.check(ncclSuccess, ncclCommAbort(parent));
    } else {
      expect_hang(process, parent, {2 - process.rank()}, 2);
    }
  });
}

TEST_CASE("a shrink can hang on one rank, and be slow") {
  expect_well(3, faults("ncclCommShrink@1=hang"), [](Process& process) {
    ncclComm_t const parent = polled_world(process);
    if (process.rank() == 2) {
      process.check(ncclSuccess, ncclCommAbort(parent));
    } else {
      expect_hang(process, parent, {2}, 2);
    }
  });
  expect_well(3, faults("ncclCommShrink@1=slow:300"), [](Process& process) {
    ncclComm_t const parent = world(process);
    if (process.rank() != 2) close(process, shrink(process, parent, {2}));
    close(process, parent);
  });
}

TEST_CASE("if a remaining rank dies before it arrives at a shrink, the others wait until they abort") {
  for (const int dead : {0, 1, 3}) {
    CAPTURE(dead);
    expect(run_processes(4, faults("ncclCommShrink@" + std::to_string(dead) + "=die"),
                         [](Process& process) {
                           ncclComm_t const parent = polled_world(process);
                           if (process.rank() == 2) {
                             process.check(ncclSuccess, ncclCommAbort(parent));
                           } else {
                             expect_hang(process, parent, {2}, 2);
                           }
                         }),
           {dead});
  }
}

TEST_CASE("if a rank dies after it arrived at a shrink, the others get an error") {
  for (const int dead : {0, 1}) {
    CAPTURE(dead);
    expect(run_processes(4, {},
                         [dead](Process& process) {
                           ncclComm_t const parent = polled_world(process);
                           ncclComm_t child = nullptr;
                           // Rank 2 comes only when the others have arrived, and one of them has died.
                           if (process.rank() == 2) process.await(1);
                           if (process.rank() != 3) {
                             process.check(ncclInProgress, start(parent, {3}, &child));
                           }
                           if (process.rank() == dead) {
                             process.await(0);
                             process.check(ncclInProgress, settle(parent, 1000));
                             process.raise(1);
                             ::raise(SIGKILL);
                           }
                           if (process.rank() == 1 - dead) {
                             process.raise(0);
                             process.check(ncclRemoteError, settle(parent));
                           }
                           process.check(ncclSuccess, ncclCommAbort(parent));
                           process.check(ncclSuccess, ncclCommAbort(child));
                           process.check(counters().live_communicators == 0);
                         }),
           {dead});
  }
}

TEST_CASE("nccl#2397: a shrink hangs if an excluded rank has left before") {
  for (const int excluded : {0, 2}) {
    for (const bool dies : {false, true}) {
      CAPTURE(excluded, dies);
      expect(run_processes(3, faults("ncclCommShrink@*#1=needs_excluded"),
                           [=](Process& process) {
                             ncclComm_t const parent = polled_world(process);
                             process.meet(0);
                             if (process.rank() == excluded) {
                               if (dies) ::raise(SIGKILL);
                               process.check(ncclSuccess, ncclCommAbort(parent));
                               process.raise(1);
                               return;
                             }
                             if (!dies) process.await(1);
                             // The end of a killed process needs time to be noticed.
                             if (dies) std::this_thread::sleep_for(std::chrono::milliseconds(300));
                             expect_hang(process, parent, {excluded}, 2);
                           }),
             dies ? std::vector<int>{excluded} : std::vector<int>{});
    }
  }
}

TEST_CASE("nccl#2397: a shrink succeeds as long as the excluded rank is there") {
  for (const int excluded : {0, 2}) {
    expect_well(3, faults("ncclCommShrink@*=needs_excluded"), [excluded](Process& process) {
      ncclComm_t const parent = polled_world(process);
      if (process.rank() != excluded) {
        ncclComm_t const child = shrink(process, parent, {excluded});
        prove(process, child, all_but(3, {excluded}));
        close(process, child);
      }
      close(process, parent);
    });
  }
}

TEST_CASE("the child of a shrink reports the size of the fault") {
  expect_well(2, faults("ncclCommShrink@1=size:5"), [](Process& process) {
    ncclComm_t const parent = world(process);
    if (process.rank() == 1) {
      ncclComm_t const child = shrink(process, parent, {0});
      int size = 0;
      process.check(ncclSuccess, ncclCommCount(child, &size));
      process.check(size == 5);
      process.check(ncclSuccess, ncclCommAbort(child));
    }
    close(process, parent);
  });
}

TEST_CASE("a communicator that was not initialised cannot be shrunk") {
  expect_well(2, faults("init@1=hang"), [](Process& process) {
    ncclConfig_t config = nonblocking();
    ncclComm_t parent = nullptr;
    process.check(ncclInProgress, ncclCommInitRankConfig(&parent, 2, process.id(), process.rank(), &config));
    ncclComm_t child = nullptr;
    process.check(ncclInvalidArgument, start(parent, {1 - process.rank()}, &child));
    process.check(ncclInternalError, start(parent, {1 - process.rank()}, &child, NCCL_SHRINK_ABORT));
    process.check(child == nullptr);
    process.check(ncclSuccess, ncclCommAbort(parent));
    process.check(counters().live_communicators == 0);
  });
}
