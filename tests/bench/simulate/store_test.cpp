#include "simulate/store.hpp"

#include <cmath>

#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::simulate;

namespace {

constexpr LogGP cost{.latency = Time(1000), .overhead = Time(100), .gap = Time(0), .gap_per_byte = Time(0)};

}  // namespace

TEST_CASE("one rank and its groups of one: a barrier with oneself for each") {
  const Topology topology({.world_size = 1});
  const StoreResult result = run_store(topology, cost, 1000);
  const auto groups = static_cast<std::int64_t>(topology.kinds().size());
  CHECK(result.groups == groups);
  CHECK(result.simulated_groups == groups);
  // Add, count, set the last key, wait: three of them answered.
  CHECK((result.at_store.messages_received == 4 * groups));
  CHECK((result.at_store.messages_sent == 3 * groups));
  // Each answer is two messages of 1200; the rank waits 100 more while it sends the key that nothing answers,
  // and the store takes that key while the next request is on its way.
  CHECK(std::abs(result.seconds / seconds(Time(groups * (3 * 2 * 1200 + 100))) - 1) < 1e-12);
}

TEST_CASE("every rank of the world asks for every group, members or not") {
  const Topology topology({.world_size = 8, .tensor = 2, .pipeline = 2});
  const StoreResult result = run_store(topology, cost, 1'000'000);
  std::int64_t groups = 0;
  std::int64_t members_beyond_the_first = 0;
  std::int64_t identifiers = 0;
  for (const KindFamily& kind : topology.kinds()) {
    groups += kind.family.group_count();
    if (kind.family.group_size() == 1) continue;
    identifiers += kind.family.group_count();
    members_beyond_the_first += std::int64_t{kind.family.group_count()} * (kind.family.group_size() - 1);
  }
  CHECK(result.groups == groups);
  const std::int64_t asked = groups * 3 * 8 + identifiers + 2 * members_beyond_the_first;
  // The last key is set once for each group at least, and by no more than all ranks.
  CHECK(result.at_store.messages_received >= asked + groups);
  CHECK(result.at_store.messages_received <= asked + groups * 8);
  CHECK(result.at_store.messages_sent == groups * 3 * 8 + 2 * members_beyond_the_first);
}

TEST_CASE("the groups that are not simulated cost what the others do") {
  const Topology topology({.world_size = 256, .tensor = 4, .pipeline = 4});
  const StoreResult all = run_store(topology, cost, 1'000'000'000);
  const StoreResult few = run_store(topology, cost, 10'000);
  CHECK(all.simulated_groups == all.groups);
  CHECK(few.simulated_groups < all.groups / 10);
  CHECK(few.groups == all.groups);
  CHECK((few.at_store == all.at_store));
  const double ratio = few.seconds / all.seconds;
  CHECK(ratio > 0.97);
  CHECK(ratio < 1.03);
}

TEST_CASE("the time of a job that takes longer than picoseconds in 64 bits can say") {
  const Topology topology({.world_size = 1024, .tensor = 8, .pipeline = 16});
  const StoreResult result = run_store(topology, {.latency = Time(1'000)}, 1);
  const StoreResult slow = run_store(topology, {.latency = Time(1'000'000'000'000'000)}, 1);
  CHECK(slow.seconds > seconds(Time::max()));
  CHECK(std::abs(slow.seconds / (1e12 * result.seconds) - 1) < 1e-12);
}
