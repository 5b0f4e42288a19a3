#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "rankmesh/launch/launch_file.hpp"

namespace rankmesh::cli {

/// The members of a JSON object that say what a file of another system has: `system`, `world_size`, `sizes`,
/// ...
[[nodiscard]] nlohmann::ordered_json launch_json(const launch::LaunchFile& file);

/// The same as lines of text.
[[nodiscard]] std::string launch_text(const launch::LaunchFile& file);

}  // namespace rankmesh::cli
