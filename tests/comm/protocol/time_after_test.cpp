#include "rankmesh/comm/time_after.hpp"

#include "support/catch.hpp"

using namespace rankmesh;
using namespace std::chrono_literals;
using Time = std::chrono::steady_clock::time_point;
using std::chrono::nanoseconds;

TEST_CASE("the sum of durations is at most the longest") {
  using namespace std::chrono_literals;
  constexpr auto longest = std::chrono::nanoseconds::max();
  CHECK(sum_of(2s, 3s) == 5s);
  CHECK(sum_of(longest, longest) == longest);
  CHECK(sum_of(longest - 1ns, 1ns) == longest);
  CHECK(sum_of(1s, longest) == longest);
}

TEST_CASE("a time after another never lies before it, however long the duration is") {
  constexpr Time start(1h);
  CHECK(time_after(start, 2s) == start + 2s);
  CHECK(time_after(start, 0s) == start);
  CHECK(time_after(start, -2s) == start - 2s);
  CHECK(time_after(start, nanoseconds::max()) == Time::max());
  CHECK(time_after(start, nanoseconds::max() - 1h) == Time::max());
  CHECK(time_after(start, nanoseconds::max() - 1h - 1ns) == Time::max() - 1ns);
  CHECK(time_after(Time(), nanoseconds::max()) == Time::max());
  CHECK(time_after(Time(), nanoseconds::min()) == Time::min());
}
