#include <signal.h>

#include <optional>
#include <string>
#include <vector>

#include "proofs.hpp"
#include "rankmesh/nccl_double.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using nccl_double::counters;

namespace {

/// A communicator of the first `size` processes; null on the others.
ncclComm_t first_ranks(Process& process, int size, bool polled) {
  const ncclUniqueId id = process.id();
  if (process.rank() >= size) return nullptr;
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = polled ? 0 : 1;
  ncclComm_t result = nullptr;
  const ncclResult_t started = ncclCommInitRankConfig(&result, size, id, process.rank(), &config);
  process.check(ncclSuccess, started == ncclInProgress ? settle(result) : started);
  return result;
}

/// The ID of a grow, made by a rank of the parent.
ncclUniqueId grow_id(Process& process, ncclComm_t parent, int slot, int maker) {
  return process.id(slot, maker, [parent](ncclUniqueId* id) { return ncclCommGetUniqueId(parent, id); });
}

/// Calls ncclCommGrow as a member of the parent, or as a new rank if there is no parent.
ncclResult_t start(Process& process, ncclComm_t parent, int size, const ncclUniqueId& id, ncclComm_t* grown,
                   bool polled) {
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = polled ? 0 : 1;
  if (parent != nullptr) return ncclCommGrow(parent, size, nullptr, -1, grown, nullptr);
  return ncclCommGrow(nullptr, size, &id, process.rank(), grown, &config);
}

/// Checks that a non-blocking grow of two ranks does not end, and aborts it.
void expect_hang(Process& process, ncclComm_t parent, int size, const ncclUniqueId& id) {
  ncclComm_t grown = nullptr;
  process.check(ncclInProgress, start(process, parent, size, id, &grown, true));
  process.check(ncclInProgress, settle(grown, 300));
  process.raise(31);
  process.await(31, 2);
  process.check(ncclSuccess, ncclCommAbort(grown));
}

}  // namespace

TEST_CASE("a grow adds ranks, and the others keep theirs") {
  for (const bool polled : {false, true}) {
    for (const int coordinator : {0, 1, 2}) {
      expect_well(5, {}, [=](Process& process) {
        const Held before = held_now();
        ncclComm_t const parent = first_ranks(process, 3, polled);
        const ncclUniqueId id = grow_id(process, parent, 1, coordinator);
        ncclComm_t grown = nullptr;
        const ncclResult_t started = start(process, parent, 5, id, &grown, polled);
        process.check(polled ? ncclInProgress : ncclSuccess, started);
        process.check(ncclSuccess, settle(grown));
        if (parent != nullptr) process.check(ncclSuccess, ncclCommDestroy(parent));
        prove(process, grown, all_ranks(5));
        process.check(counters().grow_calls == 1);
        nccl_double::rankmesh_nccl_double_discard_ids();
        close(process, grown);
        process.check(back_to(before));
      });
    }
  }
}

TEST_CASE("a grow follows a shrink, and a communicator can grow again") {
  expect_well(4, {}, [](Process& process) {
    ncclComm_t const parent = first_ranks(process, 2, false);
    ncclComm_t base = nullptr;
    if (process.rank() == 0) {
      int excluded = 1;
      process.check(ncclSuccess, ncclCommShrink(parent, &excluded, 1, &base, nullptr, NCCL_SHRINK_DEFAULT));
    }
    // Rank 0 grows twice: with process 2, and with the processes 2 and 3.
    std::optional<ncclUniqueId> used;
    for (const int size : {2, 3}) {
      const ncclUniqueId id = grow_id(process, base, size, 0);
      const std::vector<int> members = size == 2 ? std::vector<int>{0, 2} : std::vector<int>{0, 2, 3};
      ncclComm_t grown = nullptr;
      if (process.rank() == 0) {
        if (used) process.check(ncclInvalidArgument, ncclCommGrow(base, size, &*used, -1, &grown, nullptr));
        used = id;
        process.check(ncclSuccess, ncclCommGrow(base, size, &id, -1, &grown, nullptr));
      } else if (process.rank() >= 2 && process.rank() <= size) {
        process.check(ncclSuccess, ncclCommGrow(nullptr, size, &id, process.rank() - 1, &grown, nullptr));
      }
      if (grown != nullptr) {
        prove(process, grown, members);
        close(process, grown);
      }
    }
    if (base != nullptr) close(process, base);
    if (parent != nullptr) close(process, parent);
  });
}

TEST_CASE("a member of the parent inherits its configuration") {
  expect_well(2, {}, [](Process& process) {
    const ncclUniqueId id = process.id();
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    config.maxCTAs = 16;
    ncclComm_t parent = nullptr;
    if (process.rank() == 0) {
      process.check(ncclSuccess, ncclCommInitRankConfig(&parent, 1, id, 0, &config));
    }
    const ncclUniqueId added = grow_id(process, parent, 1, 0);
    ncclComm_t grown = nullptr;
    const ncclUniqueId* const given = process.rank() == 0 ? nullptr : &added;
    process.check(ncclSuccess, ncclCommGrow(parent, 2, given, process.rank() == 0 ? -1 : 1, &grown, nullptr));
    ncclConfig_t found = NCCL_CONFIG_INITIALIZER;
    process.check(nccl_double::rankmesh_nccl_double_config(grown, &found) == 1);
    process.check(found.maxCTAs == (process.rank() == 0 ? 16 : 64));
    close(process, grown);
    if (parent != nullptr) close(process, parent);
  });
}

TEST_CASE("a grow refuses wrong arguments") {
  expect_well(1, {}, [](Process& process) {
    ncclComm_t const parent = world(process);
    ncclUniqueId id;
    ncclComm_t grown = nullptr;
    process.check(ncclInvalidArgument, ncclCommGetUniqueId(nullptr, &id));
    process.check(ncclInvalidArgument, ncclCommGetUniqueId(parent, nullptr));
    process.check(ncclSuccess, ncclCommGetUniqueId(parent, &id));
    process.check(ncclInvalidUsage, ncclCommGetUniqueId(parent, &id));
    process.check(ncclInvalidArgument, ncclCommGrow(parent, 2, nullptr, -1, nullptr, nullptr));
    process.check(ncclInvalidArgument, ncclCommGrow(parent, 0, nullptr, -1, &grown, nullptr));
    process.check(ncclInvalidArgument, ncclCommGrow(parent, 1, nullptr, -1, &grown, nullptr));
    process.check(ncclInvalidArgument, ncclCommGrow(parent, 2, nullptr, 0, &grown, nullptr));
    const ncclUniqueId other = process.id(1);
    process.check(ncclInvalidArgument, ncclCommGrow(parent, 2, &other, -1, &grown, nullptr));
    process.check(ncclInvalidArgument, ncclCommGrow(nullptr, 2, &id, 2, &grown, nullptr));
    process.check(ncclInvalidArgument, ncclCommGrow(nullptr, 2, &id, -1, &grown, nullptr));
    process.check(ncclInvalidArgument, ncclCommGrow(nullptr, 2, nullptr, 1, &grown, nullptr));
    process.check(ncclSuccess, ncclCommRevoke(parent, NCCL_REVOKE_DEFAULT));
    process.check(ncclInvalidUsage, ncclCommGrow(parent, 2, &id, -1, &grown, nullptr));
    process.check(grown == nullptr && counters().live_communicators == 1);
    process.check(ncclSuccess, ncclCommDestroy(parent));
  });
}

TEST_CASE("a grow waits for every rank, until an abort; the parent stays as it is") {
  for (const int absent : {0, 1, 2}) {
    CAPTURE(absent);
    expect_well(3, {}, [absent](Process& process) {
      const Held before = held_now();
      ncclComm_t const parent = first_ranks(process, 2, true);
      const ncclUniqueId id = grow_id(process, parent, 1, 0);
      if (process.rank() != absent) expect_hang(process, parent, 3, id);
      nccl_double::rankmesh_nccl_double_discard_ids();
      if (parent != nullptr) {
        prove(process, parent, {0, 1});
        close(process, parent);
      }
      process.check(back_to(before));
    });
  }
}

TEST_CASE("if a rank dies before it arrives at a grow, the others wait until they abort") {
  for (const int dead : {0, 1, 2}) {
    CAPTURE(dead);
    const std::string rule = "ncclCommGrow@" + std::to_string(dead) + "=die";
    const Outcome outcome = run_processes(3, {{"RANKMESH_DOUBLE_FAULTS", rule}}, [](Process& process) {
      ncclComm_t const parent = first_ranks(process, 2, true);
      expect_hang(process, parent, 3, grow_id(process, parent, 1, 0));
      process.check(ncclSuccess, ncclCommAbort(parent));
      process.check(counters().live_communicators == 0);
    });
    std::vector<int> expected(3, 0);
    expected[static_cast<std::size_t>(dead)] = -SIGKILL;
    CHECK(outcome.failures == "");
    CHECK(outcome.statuses == expected);
  }
}

TEST_CASE("faults of a grow") {
  const std::string rules =
      "ncclCommGetUniqueId@0#1=error:2;ncclCommGrow@0=async:3;ncclCommGrow@1=hang;ncclCommGrow@2=error:2";
  expect_well(3, {{"RANKMESH_DOUBLE_FAULTS", rules}}, [](Process& process) {
    ncclComm_t const parent = first_ranks(process, 2, true);
    ncclUniqueId none;
    if (process.rank() == 0) process.check(ncclSystemError, ncclCommGetUniqueId(parent, &none));
    const ncclUniqueId id = grow_id(process, parent, 1, 0);
    ncclComm_t grown = nullptr;
    const ncclResult_t started = start(process, parent, 3, id, &grown, true);
    process.check(process.rank() == 2 ? ncclSystemError : ncclInProgress, started);
    if (process.rank() == 0) process.check(ncclInternalError, settle(grown));
    if (process.rank() == 1) process.check(ncclInProgress, settle(grown, 300));
    process.check((grown == nullptr) == (process.rank() == 2));
    process.check(ncclSuccess, ncclCommAbort(grown));
    process.check(ncclSuccess, ncclCommAbort(parent));
    process.check(counters().live_communicators == 0);
  });
}
