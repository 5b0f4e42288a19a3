#pragma once

#include <span>

#include "rankmesh/comm/agreement.hpp"

namespace rankmesh {

/// A verdict in which each rank has the name that errors call it, see `Transport::rank_names`.
/// @param names by rank; not empty
[[nodiscard]] Verdict with_rank_names(Verdict verdict, std::span<const int> names);

}  // namespace rankmesh
