#pragma once

#include <string>
#include <string_view>

#include "rankmesh/files/export.hpp"

/// @file
/// Reading the text of configuration files, with a limit to its length.

namespace RANKMESH_FILES_API rankmesh {
namespace files {

/// The bytes of a file of at most 1 MiB.
/// @throws FileError if the file cannot be read, with the message of the operating system, or is longer
[[nodiscard]] std::string file_text(const std::string& path);

/// The same limit for text from elsewhere.
/// @param source the name of the text in the error
/// @throws FileError if the text is longer than 1 MiB
void require_size(std::string_view text, std::string_view source);

}  // namespace files
}  // namespace rankmesh
