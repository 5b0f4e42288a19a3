#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "rankmesh/files/export.hpp"

/// @file
/// Reading the text of configuration files, with a limit to its length.

namespace RANKMESH_FILES_API rankmesh {
namespace files {

/// The most bytes that a file of options or a layout may have: 1 MiB.
inline constexpr std::size_t longest_file = std::size_t{1} << 20;

/// The bytes of a regular file. Of standard input if the path is `-`.
/// @throws FileError if the file cannot be read, with the message of the operating system, if it is longer
/// than `most_bytes`, or
///         if it is a pipe or a device, since reading one may wait for ever or never end
[[nodiscard]] std::string file_text(const std::string& path, std::size_t most_bytes = longest_file);

/// The name of a file in messages: the path, or `standard input` for `-`.
[[nodiscard]] std::string source_name(const std::string& path);

/// The same limit for text from elsewhere.
/// @param source the name of the text in the error
/// @throws FileError if the text is longer
void require_size(std::string_view text, std::string_view source, std::size_t most_bytes = longest_file);

}  // namespace files
}  // namespace rankmesh
