#include <string>

#include "proofs.hpp"
#include "rankmesh/nccl_double.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using nccl_double::counters;

TEST_CASE("all ranks of one unique ID form one communicator") {
  for (const int size : {1, 2, 5, 8}) {
    CAPTURE(size);
    expect_well(size, {}, [](Process& process) {
      const Held before = held_now();
      ncclComm_t const communicator = world(process);
      prove(process, communicator, all_ranks(process.size()));
      process.check(counters().live_communicators == 1);
      close(process, communicator);
      process.check(back_to(before));
      process.check(counters().live_communicators == 0);
      process.check(counters().unconsumed_ids == 0);
      process.check(counters().threads == 0);
      process.check(counters().ids_made == (process.rank() == 0 ? 1 : 0));
    });
  }
}

TEST_CASE("an initialisation waits for the last rank") {
  expect_well(3, {}, [](Process& process) {
    const ncclUniqueId id = process.id();
    ncclConfig_t config = nonblocking();
    ncclComm_t communicator = nullptr;
    if (process.rank() == 2) process.await(0, 2);
    process.check(ncclInProgress,
                  ncclCommInitRankConfig(&communicator, process.size(), id, process.rank(), &config));
    if (process.rank() < 2) {
      process.check(ncclInProgress, settle(communicator, 200));
      if (process.rank() == 0) process.check(counters().unconsumed_ids == 1);
      process.raise(0);
    }
    process.check(ncclSuccess, settle(communicator));
    prove(process, communicator, all_ranks(process.size()));
    close(process, communicator);
  });
}

TEST_CASE("several unique IDs divide the ranks") {
  for (const int size : {2, 5, 8}) {
    for (int ids = 1; ids <= size; ids += 2) {
      CAPTURE(size, ids);
      expect_well(size, {}, [ids](Process& process) {
        const Held before = held_now();
        std::vector<ncclUniqueId> all;
        for (int slot = 0; slot < ids; ++slot) all.push_back(process.id(slot, slot));
        ncclComm_t communicator = nullptr;
        process.check(ncclSuccess, ncclCommInitRankScalable(&communicator, process.size(), process.rank(),
                                                            ids, all.data(), nullptr));
        prove(process, communicator, all_ranks(process.size()));
        close(process, communicator);
        process.check(counters().ids_made == (process.rank() < ids ? 1 : 0));
        process.check(back_to(before));
        process.check(counters().unconsumed_ids == 0);
      });
    }
  }
}

TEST_CASE("each rank uses the ID of its block, as in NCCL") {
  // NCCL divides 5 ranks between 2 IDs as 0, 1, 2 and 3, 4. A rank whose ID is gone gets an error at once.
  expect_well(5, {}, [](Process& process) {
    const Held before = held_now();
    std::vector<ncclUniqueId> ids{process.id(0, 0), process.id(1, 4)};
    process.meet(0);
    if (process.rank() == 4) nccl_double::rankmesh_nccl_double_discard_ids();
    process.meet(1);
    ncclConfig_t config = nonblocking();
    ncclComm_t communicator = nullptr;
    process.check(ncclInProgress,
                  ncclCommInitRankScalable(&communicator, 5, process.rank(), 2, ids.data(), &config));
    process.check(process.rank() < 3 ? ncclInProgress : ncclRemoteError, settle(communicator, 300));
    process.check(ncclSuccess, ncclCommAbort(communicator));
    nccl_double::rankmesh_nccl_double_discard_ids();
    process.check(back_to(before));
  });
}

TEST_CASE("the name of a communicator is not copied") {
#if NCCL_VERSION_CODE >= 22700
  expect_well(1, {}, [](Process& process) {
    const std::string name = "tensor parallel 3";
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    config.commName = name.c_str();
    ncclComm_t communicator = nullptr;
    process.check(ncclSuccess, ncclCommInitRankConfig(&communicator, 1, process.id(), 0, &config));
    ncclComm_t child = nullptr;
    process.check(ncclSuccess, ncclCommSplit(communicator, 0, 0, &child, nullptr));
    for (ncclComm_t const named : {child, communicator}) {
      ncclConfig_t found = NCCL_CONFIG_INITIALIZER;
      process.check(nccl_double::rankmesh_nccl_double_config(named, &found) == 1);
      process.check(found.commName == name.c_str());
      close(process, named);
    }
  });
#endif
}

TEST_CASE("bad arguments are refused before any wait") {
  expect_well(1, {}, [](Process& process) {
    ncclUniqueId id = process.id();
    ncclComm_t communicator = nullptr;
    process.check(ncclInvalidArgument, ncclCommInitRank(&communicator, 2, id, 2));
    process.check(ncclInvalidArgument, ncclCommInitRank(&communicator, 2, id, -1));
    process.check(ncclInvalidArgument, ncclCommInitRank(&communicator, 0, id, 0));
    process.check(ncclInvalidArgument, ncclCommInitRank(nullptr, 1, id, 0));
    process.check(ncclInvalidArgument, ncclCommInitRankScalable(&communicator, 1, 0, 2, &id, nullptr));
    ncclConfig_t config{};
    process.check(ncclInvalidArgument, ncclCommInitRankConfig(&communicator, 1, id, 0, &config));
    config = NCCL_CONFIG_INITIALIZER;
    config.minCTAs = 8;
    config.maxCTAs = 4;
    process.check(ncclInvalidArgument, ncclCommInitRankConfig(&communicator, 1, id, 0, &config));
    process.check(counters().live_communicators == 0);
    process.check(counters().unconsumed_ids == 1);
  });
}

TEST_CASE("ranks that disagree on the size wait until they abort") {
  expect_well(3, {}, [](Process& process) {
    const Held before = held_now();
    ncclConfig_t config = nonblocking();
    ncclComm_t communicator = nullptr;
    const int size = process.rank() == 2 ? 4 : 3;
    const ncclUniqueId id = process.id();
    if (process.rank() == 2) process.await(0, 2);
    process.check(ncclInProgress, ncclCommInitRankConfig(&communicator, size, id, process.rank(), &config));
    if (process.rank() != 2) {
      process.check(ncclInProgress, settle(communicator, 100));
      process.raise(0);
    }
    process.check(ncclInProgress, settle(communicator, 300));
    process.check(ncclSuccess, ncclCommAbort(communicator));
    process.check(counters().live_communicators == 0);
    process.check(back_to(before));
  });
}

TEST_CASE("two ranks with the same number wait until they abort") {
  expect_well(2, {}, [](Process& process) {
    ncclConfig_t config = nonblocking();
    ncclComm_t communicator = nullptr;
    // The second rank may find the ID gone, as in NCCL after its last connection attempt.
    process.check(ncclInProgress, ncclCommInitRankConfig(&communicator, 3, process.id(), 1, &config));
    const ncclResult_t state = settle(communicator, 300);
    process.check(state == ncclInProgress || state == ncclRemoteError);
    process.check(ncclSuccess, ncclCommAbort(communicator));
  });
}

TEST_CASE("two ranks on one GPU are refused, but not if their host names differ") {
  const auto body = [](ncclResult_t expected) {
    return [expected](Process& process) {
      ncclComm_t communicator = nullptr;
      process.check(expected, ncclCommInitRank(&communicator, process.size(), process.id(), process.rank()));
      process.check(communicator != nullptr);
      process.check(ncclSuccess, ncclCommAbort(communicator));
      process.check(counters().live_communicators == 0);
    };
  };
  const Environment one_gpu{{"RANKMESH_DOUBLE_UUIDS", "shared"}};
  expect_well(2, one_gpu, body(ncclInvalidUsage));
  expect_well(2, {{"RANKMESH_DOUBLE_UUIDS_1", "gpu-0"}}, body(ncclInvalidUsage));
  expect_well(2, {{"RANKMESH_DOUBLE_UUIDS", "shared"}, {"NCCL_MULTI_RANK_GPU_ENABLE", "1"}},
              body(ncclSuccess));
  expect_well(2, one_gpu, [&](Process& process) {
    ::setenv("NCCL_HOSTID", ("host" + std::to_string(process.rank())).c_str(), 1);
    body(ncclSuccess)(process);
  });
}
