#pragma once

#include <chrono>

#include "rankmesh/comm/export.hpp"

namespace RANKMESH_COMM_API rankmesh {

/// The time `duration` after `start`, or the last time of the clock if that is earlier: the longest duration,
/// `std::chrono::nanoseconds::max()`, means for ever.
/// @param start not before the epoch of the clock
[[nodiscard]] constexpr std::chrono::steady_clock::time_point time_after(
    std::chrono::steady_clock::time_point start, std::chrono::nanoseconds duration) noexcept {
  constexpr auto last = std::chrono::steady_clock::time_point::max();
  return duration > last - start ? last : start + duration;
}

/// The sum of two durations that are not negative, at most the longest duration.
[[nodiscard]] constexpr std::chrono::nanoseconds sum_of(std::chrono::nanoseconds a,
                                                        std::chrono::nanoseconds b) noexcept {
  constexpr auto longest = std::chrono::nanoseconds::max();
  return b > longest - a ? longest : a + b;
}

}  // namespace rankmesh
