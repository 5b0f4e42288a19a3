#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/files/error.hpp"

namespace rankmesh::files {

/// A value of a TOML text.
struct TomlValue {
  enum class Sort { number, boolean, text, list, other };

  Sort sort = Sort::other;
  SourcePlace place{};
  /// Of a number, a boolean or a text: what it says, without quotes and escapes.
  std::string text{};
  /// Of a list.
  std::vector<TomlValue> parts{};
  /// What the value is, for messages: `a text`, `a table`.
  std::string_view noun{};
};

struct TomlEntry {
  std::string key{};
  SourcePlace place{};
  TomlValue value{};
};

/// What a text in TOML says.
struct Toml {
  /// The keys outside all tables in the order of the text, the names of tables among them.
  std::vector<TomlEntry> entries{};
};

/// @throws FileError where the text is no TOML, with what the parser says, or where there is no parser
[[nodiscard]] Toml read_toml(std::string_view text, std::string_view source);

}  // namespace rankmesh::files
