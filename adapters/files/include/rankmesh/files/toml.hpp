#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/files/error.hpp"
#include "rankmesh/files/export.hpp"

/// @file
/// The contents of a text in TOML with the place of every value.

namespace RANKMESH_FILES_API rankmesh {
namespace files {

/// A key.
struct TomlKey {
  /// The name.
  std::string name{};
  /// Where it begins.
  SourcePlace place{};
};

/// A value in a TOML text.
struct TomlValue {
  /// What it is; numbers with a fraction, dates and times are other values.
  enum class Sort { number, boolean, text, list, table, other };

  /// What it is.
  Sort sort = Sort::other;
  /// Where it begins.
  SourcePlace place{};
  /// Of a number (also one with a fraction, of the sort `other`), a boolean or a string: the text, without
  /// quotes and escapes.
  std::string text{};
  /// Of an array: the elements; of a table: the values, in the order of the text.
  std::vector<TomlValue> parts{};
  /// Of a table: the keys of the parts.
  std::vector<TomlKey> keys{};
  /// The type, for messages: `a text`, `a table`.
  std::string_view noun{};
};

/// A key with its value.
struct TomlEntry {
  /// The key.
  std::string key{};
  /// Where the key begins.
  SourcePlace place{};
  /// The value.
  TomlValue value{};
};

/// The contents of a TOML text.
struct Toml {
  /// The keys outside tables, including the names of tables, in the order of the text.
  std::vector<TomlEntry> entries{};
};

/// Reads a text.
/// @param source the name of the text in errors
/// @throws FileError if the text is not TOML, with the message of the parser, or if there is no parser
[[nodiscard]] Toml read_toml(std::string_view text, std::string_view source);

/// A string of TOML. The texts here have no other characters than quotes and backslashes that need an escape.
[[nodiscard]] std::string toml_text(std::string_view text);

}  // namespace files
}  // namespace rankmesh
