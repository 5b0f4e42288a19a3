#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/files/export.hpp"
#include "rankmesh/topology/diagnostic.hpp"

/// @file
/// The contents of a text in YAML, and so of one in JSON, with the place of every value.

namespace RANKMESH_FILES_API rankmesh {
namespace files {

struct YamlValue;

/// A value at a place in the text. An alias has its own place, but shares its value.
struct YamlUse {
  /// Never null in what `read_yaml` returns.
  const YamlValue* value = nullptr;
  /// Without a source.
  SourcePlace place{};
};

/// A key with its value.
struct YamlEntry {
  /// May be a map or list itself.
  YamlUse key{};
  /// The value.
  YamlUse value{};
};

/// A value.
struct YamlValue {
  /// What it is.
  enum class Sort { null, scalar, list, map };

  /// What it is.
  Sort sort = Sort::null;
  /// Of a scalar: the text, without quotes and escapes.
  std::string text{};
  /// Whether a scalar has no quotes, so that it may be a number or a boolean.
  bool is_plain = true;
  /// The tag, with shorthands expanded; empty if there is none.
  std::string tag{};
  /// Of a map: all entries in the order of the text, including those with equal keys.
  std::vector<YamlEntry> entries{};
  /// Of a list: its elements.
  std::vector<YamlUse> parts{};
};

/// The contents of a text in YAML. The values of a copy refer to those of the original.
struct Yaml {
  /// All values. A deque, because entries refer to values by address.
  std::deque<YamlValue> values{};
  /// The first two documents.
  std::vector<YamlUse> documents{};
};

/// Whether the library was built with a reader of YAML. Without one, `read_yaml` refuses every text.
[[nodiscard]] bool can_read_yaml() noexcept;

/// Reads a text.
/// @param source the name of the text in errors
/// @throws FileError if the text is not YAML, with the message of the parser, or if there is no parser
[[nodiscard]] Yaml read_yaml(std::string_view text, std::string_view source);

}  // namespace files
}  // namespace rankmesh
