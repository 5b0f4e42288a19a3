#pragma once

#include <cstdint>

#include "rankmesh/topology/spans.hpp"

namespace rankmesh {

/// The blocks that the groups of a family touch, without a walk over the groups. See `block_span`.
[[nodiscard]] LevelSpan survey_blocks(const GroupFamily& family, std::int64_t block_size);

/// Whether the members of each group have one position inside their blocks: block b holds the ranks
/// b * block_size .. (b + 1) * block_size - 1. O(parts * digits), where parts are those of `block_span`.
[[nodiscard]] bool have_one_place(const GroupFamily& family, std::int64_t block_size);

}  // namespace rankmesh
