#include "simulate/members.hpp"

#include <algorithm>
#include <bit>
#include <random>
#include <vector>

#include "support/catch.hpp"

using namespace rankmesh::simulate;

namespace {

constexpr LogGP costs{.latency = Time(1000), .overhead = Time(100), .gap = Time(50), .gap_per_byte = Time(2)};
/// What one message of so many bytes takes from one processor to another.
constexpr std::int64_t hop(std::int64_t bytes) {
  return 1000 + 2 * 100 + 2 * (bytes - 1);
}

Time last(Members& members) {
  Time latest{};
  for (int i = 0; i < members.size(); ++i) latest = std::max(latest, members.host(i).clock);
  return latest;
}

std::vector<Time> random_entries(int size, std::mt19937& random) {
  std::vector<Time> entries;
  for (int i = 0; i < size; ++i) entries.emplace_back(random() % 20000);
  return entries;
}

Members at(const std::vector<Time>& entries) {
  std::vector<Host> hosts;
  for (const Time entry : entries) hosts.push_back({entry, entry, entry});
  return Members(std::move(hosts));
}

/// A ring the slow obvious way, a message at a time.
std::vector<Time> slow_ring(std::vector<Time> clocks, std::int64_t bytes) {
  const std::size_t size = clocks.size();
  for (std::size_t stage = 1; stage < size; ++stage) {
    const std::vector<Time> before = clocks;
    for (std::size_t i = 0; i < size; ++i) {
      const Time own = before[i] + costs.overhead;
      const Time there = before[(i + size - 1) % size] + costs.overhead + costs.latency + costs.length(bytes);
      clocks[i] = std::max(own, there) + costs.overhead;
    }
  }
  return clocks;
}

}  // namespace

TEST_CASE("an all-reduce of a power of two takes as many hops as its logarithm") {
  for (const int size : {1, 2, 4, 8, 64}) {
    CAPTURE(size);
    Members members(static_cast<std::size_t>(size));
    members.all_reduce(costs, 4);
    const int stages = std::bit_width(static_cast<unsigned>(size)) - 1;
    CHECK(last(members) == Time(stages * hop(4)));
    for (int i = 0; i < size; ++i) {
      CHECK((members.counts(i) == Counts{stages, stages, 4 * stages, 4 * stages}));
    }
  }
}

TEST_CASE("an all-reduce of three: the third hands its value to the first and gets the result") {
  Members members(3);
  members.all_reduce(costs, 1);
  CHECK((members.counts(0) == Counts{2, 2, 2, 2}));
  CHECK((members.counts(1) == Counts{1, 1, 1, 1}));
  CHECK((members.counts(2) == Counts{1, 1, 1, 1}));
  // The second waits for the first, which waits for the third; what the second sent is there already, so the
  // first takes it at once, 200 later, and sends the result.
  CHECK(members.host(1).clock == Time(2 * hop(1)));
  CHECK(members.host(2).clock == Time(2 * hop(1) + 200));
}

TEST_CASE("an all-gather sends everything but one's own, in a logarithm of messages") {
  for (const int size : {1, 2, 3, 5, 8, 37}) {
    CAPTURE(size);
    Members members(static_cast<std::size_t>(size));
    members.all_gather(costs, 8);
    const int stages = std::bit_width(static_cast<unsigned>(size - 1));
    const std::int64_t bytes = 8 * (size - 1);
    for (int i = 0; i < size; ++i) CHECK((members.counts(i) == Counts{stages, stages, bytes, bytes}));
  }
  Members five(5);
  five.all_gather(costs, 8);
  CHECK(last(five) == Time(hop(8) + hop(16) + hop(8)));
}

TEST_CASE("those who check in are served one after another, with their root") {
  Members members(3);
  members.check_in(costs, 1, 1);
  CHECK((members.counts(0) == Counts{2, 2, 2, 2}));
  CHECK((members.counts(2) == Counts{1, 1, 1, 1}));
  // Both messages come at 1100; the root takes them until 1300, sends until 1400 and 1500.
  CHECK(members.host(1).clock == Time(1400 + 1000 + 100));
  CHECK(members.host(2).clock == Time(1500 + 1000 + 100));
  Members two_roots(5);
  two_roots.check_in(costs, 1, 2);
  CHECK(two_roots.counts(0).messages() == 4);
  CHECK(two_roots.counts(3).messages() == 2);
}

TEST_CASE("a ring sums up to what its messages take one by one") {
  std::mt19937 random(20260402);
  for (int size = 1; size < 40; ++size) {
    CAPTURE(size);
    const std::vector<Time> entries = random_entries(size, random);
    Members members = at(entries);
    members.ring_all_gather(costs, 16);
    const std::vector<Time> expected = slow_ring(entries, 16);
    for (int i = 0; i < size; ++i) {
      CHECK(members.host(i).clock == expected[static_cast<std::size_t>(i)]);
      CHECK((members.counts(i) == Counts{size - 1, size - 1, 16 * (size - 1), 16 * (size - 1)}));
    }
  }
}

TEST_CASE("nobody leaves a call before the last has entered") {
  std::mt19937 random(20260403);
  for (const int size : {2, 3, 7, 16, 33}) {
    CAPTURE(size);
    const std::vector<Time> entries = random_entries(size, random);
    const Time latest = *std::max_element(entries.begin(), entries.end());
    Members reduced = at(entries);
    reduced.all_reduce(costs, 4);
    Members gathered = at(entries);
    gathered.all_gather(costs, 8);
    for (int i = 0; i < size; ++i) {
      CHECK(reduced.host(i).clock >= latest);
      CHECK(gathered.host(i).clock >= latest);
    }
  }
}
