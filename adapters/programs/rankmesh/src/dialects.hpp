#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rankmesh/dialects/dialect.hpp"
#include "rankmesh/options/options.hpp"

/// @file
/// What the commands about dialects share.

namespace rankmesh::cli {

/// The names of all dialects, in the order of `dialects::all()`.
[[nodiscard]] std::vector<Choice> dialect_choices();

/// `--world-size`, for layouts whose text does not have all sizes.
Option& add_world_size(Command& command);

}  // namespace rankmesh::cli
