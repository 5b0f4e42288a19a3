#pragma once

#include <chrono>
#include <string>

#include "rankmesh/comm/export.hpp"

namespace RANKMESH_COMM_API rankmesh {

/// A duration in seconds with one decimal, as it stands in messages: `2.5 s`.
[[nodiscard]] std::string duration_text(std::chrono::nanoseconds duration);

}  // namespace rankmesh
