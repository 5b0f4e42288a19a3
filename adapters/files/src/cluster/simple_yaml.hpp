#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rankmesh/files/error.hpp"

namespace rankmesh::files {

/// A value of a YAML text.
struct YamlNode {
  enum class Sort { null, scalar, list, map };

  Sort sort = Sort::null;
  int line = 0;
  /// Of a scalar, without quotes.
  std::string text{};
  /// Of a list.
  std::vector<YamlNode> items{};
  /// Of a map, in the order of the text.
  std::vector<std::pair<std::string, YamlNode>> entries{};

  /// The value of a key; null if there is none.
  [[nodiscard]] const YamlNode* find(std::string_view key) const;
};

/// Reads one document of the YAML that people write in configuration files: lists and maps by indentation or
/// in brackets, plain and quoted texts, comments. Anchors, tags, texts of several lines and further documents
/// are refused.
/// @throws FileError with the line
[[nodiscard]] YamlNode read_simple_yaml(std::string_view text, const std::string& source);

}  // namespace rankmesh::files
