#include <atomic>

#include "proofs.hpp"
#include "rankmesh/nccl_double.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using nccl_double::counters;

TEST_CASE("a split groups by color and orders by key, then by rank") {
  expect_well(8, {}, [](Process& process) {
    const Held before = held_now();
    ncclComm_t const parent = world(process);
    const int rank = process.rank();
    ncclComm_t by_parity = nullptr;
    ncclComm_t reversed = nullptr;
    ncclComm_t equal_keys = nullptr;
    process.check(ncclSuccess, ncclCommSplit(parent, rank % 2, rank, &by_parity, nullptr));
    process.check(ncclSuccess, ncclCommSplit(parent, rank % 2 == 0 ? 7 : 3, -rank, &reversed, nullptr));
    process.check(ncclSuccess, ncclCommSplit(parent, rank / 6, 0, &equal_keys, nullptr));
    const int odd = rank % 2;
    prove(process, by_parity, {0 + odd, 2 + odd, 4 + odd, 6 + odd});
    prove(process, reversed, {6 + odd, 4 + odd, 2 + odd, 0 + odd});
    prove(process, equal_keys, rank < 6 ? all_ranks(6) : std::vector<int>{6, 7});
    ncclComm_t grandchild = nullptr;
    process.check(ncclSuccess, ncclCommSplit(reversed, rank / 4, 0, &grandchild, nullptr));
    prove(process, grandchild,
          rank < 4 ? std::vector<int>{2 + odd, 0 + odd} : std::vector<int>{6 + odd, 4 + odd});
    for (ncclComm_t communicator : {grandchild, equal_keys, reversed, by_parity, parent}) {
      close(process, communicator);
    }
    process.check(back_to(before));
  });
}

TEST_CASE("a rank without a color gets no communicator") {
  expect_well(5, {}, [](Process& process) {
    ncclComm_t const parent = world(process);
    const bool member = process.rank() == 1 || process.rank() == 4;
    ncclComm_t child = parent;
    process.check(ncclSuccess,
                  ncclCommSplit(parent, member ? 0 : NCCL_SPLIT_NOCOLOR, process.rank(), &child, nullptr));
    process.check((child != nullptr) == member);
    process.check(counters().live_communicators == (member ? 2 : 1));
    if (member) {
      prove(process, child, {1, 4});
      close(process, child);
    }
    process.check(ncclInvalidArgument, ncclCommSplit(parent, -2, 0, &child, nullptr));
    close(process, parent);
  });
}

TEST_CASE("a child has its parent's configuration unless it is given its own") {
  expect_well(2, {}, [](Process& process) {
    ncclConfig_t given = NCCL_CONFIG_INITIALIZER;
    given.maxCTAs = 16;
    ncclComm_t parent = nullptr;
    process.check(ncclSuccess, ncclCommInitRankConfig(&parent, 2, process.id(), process.rank(), &given));
    given.maxCTAs = 8;
    given.splitShare = 1;
    ncclComm_t inherits = nullptr;
    ncclComm_t own = nullptr;
    process.check(ncclSuccess, ncclCommSplit(parent, 0, 0, &inherits, nullptr));
    process.check(ncclSuccess, ncclCommSplit(parent, 0, 0, &own, &given));
    ncclConfig_t found = NCCL_CONFIG_INITIALIZER;
    process.check(nccl_double::rankmesh_nccl_double_config(inherits, &found) == 1);
    process.check(found.maxCTAs == 16 && found.splitShare == 0 && found.minCTAs == 1);
    process.check(nccl_double::rankmesh_nccl_double_config(own, &found) == 1);
    process.check(found.maxCTAs == 8 && found.splitShare == 1);
    for (ncclComm_t communicator : {own, inherits, parent}) close(process, communicator);
    process.check(nccl_double::rankmesh_nccl_double_config(own, &found) == 0);
  });
}

TEST_CASE("a second split is refused while one is in progress") {
  expect_well(2, {}, [](Process& process) {
    ncclConfig_t config = nonblocking();
    ncclComm_t parent = nullptr;
    process.check(ncclInProgress, ncclCommInitRankConfig(&parent, 2, process.id(), process.rank(), &config));
    process.check(ncclSuccess, settle(parent));
    ncclComm_t first = nullptr;
    ncclComm_t second = nullptr;
    if (process.rank() == 1) process.await(0);
    process.check(ncclInProgress, ncclCommSplit(parent, 0, 0, &first, nullptr));
    if (process.rank() == 0) {
      process.check(std::atomic_ref(first).load() == nullptr);
      process.check(ncclInvalidUsage, ncclCommSplit(parent, 0, 0, &second, nullptr));
      process.raise(0);
    }
    process.check(ncclSuccess, settle(parent));
    process.check(first != nullptr && second == nullptr);
    prove(process, first, {0, 1});
    process.check(ncclSuccess, ncclGroupStart());
    process.check(ncclSuccess, ncclCommSplit(parent, 0, 0, &second, nullptr));
    process.check(ncclInvalidUsage, ncclCommSplit(parent, 0, 0, &second, nullptr));
    process.check(ncclInvalidUsage, ncclGroupEnd());
    process.check(second == nullptr && counters().live_communicators == 2);
    close(process, first);
    close(process, parent);
  });
}
