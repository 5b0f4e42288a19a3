#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/files/error.hpp"

namespace rankmesh::files {

/// A value in a TOML text.
struct TomlValue {
  enum class Sort { number, boolean, text, list, other };

  Sort sort = Sort::other;
  SourcePlace place{};
  /// Of a number (also one with a fraction, of the sort `other`), a boolean or a string: the text, without
  /// quotes and escapes.
  std::string text{};
  /// Of an array: the elements.
  std::vector<TomlValue> parts{};
  /// The type, for messages: `a text`, `a table`.
  std::string_view noun{};
};

struct TomlEntry {
  std::string key{};
  SourcePlace place{};
  TomlValue value{};
};

/// The contents of a TOML text.
struct Toml {
  /// The keys outside tables, including the names of tables, in the order of the text.
  std::vector<TomlEntry> entries{};
};

/// @throws FileError if the text is not TOML, with the message of the parser, or if there is no parser
[[nodiscard]] Toml read_toml(std::string_view text, std::string_view source);

/// A string of TOML. The texts here have no other characters than quotes and backslashes that need an escape.
[[nodiscard]] std::string toml_text(std::string_view text);

}  // namespace rankmesh::files
