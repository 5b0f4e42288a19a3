#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string_view>

#include "rankmesh/comm/export.hpp"

namespace RANKMESH_COMM_API rankmesh {

/// A step of a bring-up that is done on this rank.
struct Progress {
  /// The steps done so far, including this one.
  std::size_t done = 0;
  /// The steps in all.
  std::size_t total = 0;
  /// The name of the step: `agreement`, `world`, a kind of group. Valid during the callback only.
  std::string_view part;
  /// The time it took on this rank.
  std::chrono::nanoseconds elapsed{0};
};

/// Called on every rank after every step that it has done.
using ProgressCallback = std::function<void(const Progress&)>;

}  // namespace rankmesh
