#include "simulate/polling.hpp"

#include "support/catch.hpp"

using namespace rankmesh::simulate;
using std::chrono::microseconds;
using std::chrono::milliseconds;

TEST_CASE("who looks all the time finds a message at once") {
  CHECK(noticed_at(Polling::busy, Time(5), Time(77)) == Time(77));
  CHECK(noticed_at(Polling::with_sleeps, Time(0), microseconds(256)) == microseconds(256));
}

TEST_CASE("who sleeps longer and longer finds it at the end of a sleep") {
  // Sleeps of 1, 2, 3, ... and 50 us of slack each end 32 + 51, 32 + 103, 32 + 156 us after the start.
  CHECK(noticed_at(Polling::with_sleeps, Time(0), microseconds(257)) == microseconds(256 + 51));
  CHECK(noticed_at(Polling::with_sleeps, Time(0), microseconds(307)) == microseconds(307));
  CHECK(noticed_at(Polling::with_sleeps, Time(0), microseconds(308)) == microseconds(256 + 103));
  CHECK(noticed_at(Polling::with_sleeps, microseconds(1000), microseconds(1360)) == microseconds(1412));
  // After 500 sleeps, 150.25 ms, one ends each 550 us.
  const Time long_after = noticed_at(Polling::with_sleeps, Time(0), milliseconds(200));
  CHECK(long_after >= milliseconds(200));
  CHECK(long_after < milliseconds(200) + microseconds(550));
  CHECK((long_after - microseconds(256 + 150250)) % microseconds(550) == Time(0));
}

TEST_CASE("nobody finds a message before it is there") {
  for (int there = 0; there < 1'000'000; there += 997) {
    const Time found = noticed_at(Polling::with_sleeps, Time(0), microseconds(there));
    CHECK(found >= microseconds(there));
    CHECK(found <= microseconds(there + 550));
  }
}
