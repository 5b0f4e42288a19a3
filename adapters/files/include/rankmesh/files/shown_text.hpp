#pragma once

#include <string>
#include <string_view>

#include "rankmesh/files/export.hpp"

/// @file
/// Text from a file in messages: on one line, at most 60 bytes of it.

namespace RANKMESH_FILES_API rankmesh {
namespace files {

/// A word or a number as it is; all other text as `in_quotes` returns it.
[[nodiscard]] std::string shown(std::string_view text);
/// The text in quotes, with escapes for control characters, and with `...` where it is cut off.
[[nodiscard]] std::string in_quotes(std::string_view text);

}  // namespace files
}  // namespace rankmesh
