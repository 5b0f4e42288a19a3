#pragma once

#include <string>
#include <string_view>

namespace rankmesh::files {

/// @throws FileError where a text is longer than 1 MiB, which no file of options is
void require_size(std::string_view text, std::string_view source);

/// The bytes of a file; `require_size` holds.
/// @throws FileError where it cannot be read, with what the system says
[[nodiscard]] std::string file_text(const std::string& path);

}  // namespace rankmesh::files
