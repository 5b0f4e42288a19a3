#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string_view>

#include "rankmesh/comm/export.hpp"

namespace RANKMESH_COMM_API rankmesh {

/// A part of a bring-up that is done on this rank.
struct Progress {
  /// Parts done, this one included, and parts in all.
  std::size_t done = 0;
  /// How many there are.
  std::size_t total = 0;
  /// What was done: `agreement`, `duplicate`, the kind of a step. Valid during the call that gets it.
  std::string_view part;
  /// What it took on this rank.
  std::chrono::nanoseconds elapsed{0};
};

/// What is called with every part that is done, on every rank.
using ProgressCallback = std::function<void(const Progress&)>;

}  // namespace rankmesh
