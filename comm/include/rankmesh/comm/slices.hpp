#pragma once

#include <algorithm>

#include "rankmesh/comm/export.hpp"

namespace RANKMESH_COMM_API rankmesh {

/// The first position of a slice where `size` positions are cut into `count` slices of nearly equal length,
/// the longer ones first. Slice `index` ends before `slice_begin(index + 1, count, size)`.
[[nodiscard]] constexpr int slice_begin(int index, int count, int size) noexcept {
  return index * (size / count) + std::min(index, size % count);
}

}  // namespace rankmesh
