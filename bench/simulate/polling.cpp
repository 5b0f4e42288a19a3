#include "polling.hpp"

#include <cmath>

namespace rankmesh::simulate {
namespace {

using std::chrono::microseconds;

// As in MpiTransport: 512 polls without a sleep, each a probe of about half a microsecond; then sleeps of 1,
// 2, 3, ... microseconds, up to 500. A sleep takes up to 50 microseconds longer (the timer slack of Linux).
constexpr Time eager = microseconds(256);
constexpr std::int64_t longest = 500;
constexpr std::int64_t slack = 50;

/// The duration of the first `count` sleeps, in microseconds.
std::int64_t after_sleeps(std::int64_t count) {
  const std::int64_t growing = std::min(count, longest);
  return growing * (growing + 1) / 2 + (count - growing) * longest + count * slack;
}

/// The smallest number of sleeps that take at least this long together.
std::int64_t sleeps_for(std::int64_t wait) {
  if (wait > after_sleeps(longest)) {
    return longest + (wait - after_sleeps(longest) + longest + slack - 1) / (longest + slack);
  }
  const double half = static_cast<double>(slack) + 0.5;
  auto count = static_cast<std::int64_t>(std::sqrt(half * half + 2.0 * static_cast<double>(wait)) - half);
  while (after_sleeps(count) < wait) ++count;
  return count;
}

}  // namespace

Time noticed_at(Polling polling, Time since, Time there) {
  const Time asleep = there - since - eager;
  if (polling == Polling::busy || asleep <= Time::zero()) return there;
  const std::int64_t wait = std::chrono::ceil<microseconds>(asleep).count();
  return since + eager + microseconds(after_sleeps(sleeps_for(wait)));
}

}  // namespace rankmesh::simulate
