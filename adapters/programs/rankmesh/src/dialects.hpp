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

/// The layout that a text describes; nothing if there is a problem.
/// @param what the option or argument with the text, for messages
[[nodiscard]] std::optional<ParallelConfig> layout_of(const std::string& what, dialects::Dialect dialect,
                                                      const std::string& text,
                                                      std::optional<std::int64_t> world_size,
                                                      Problems& problems);

}  // namespace rankmesh::cli
