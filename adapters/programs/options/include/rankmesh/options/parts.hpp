#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rankmesh::cli {

/// What stands between separators: one part more than there are of those, some of them empty.
inline std::vector<std::string> parts_of(std::string_view text, char separator) {
  std::vector<std::string> parts{""};
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

}  // namespace rankmesh::cli
