#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/diagnostic.hpp"

namespace rankmesh::files {

struct Value;

/// A value at a place in the text: an alias has a place of its own, but not a value.
struct Use {
  const Value* value = nullptr;
  SourcePlace place{};
};

struct Entry {
  Use key{};
  Use value{};
};

struct Value {
  enum class Sort { null, scalar, list, map };

  Sort sort = Sort::null;
  /// Of a scalar: what it says, without quotes and escapes.
  std::string text{};
  /// Whether a scalar has no quotes, so that it may be a number or a boolean.
  bool is_plain = true;
  /// As written, shorthands expanded; empty where there is none.
  std::string tag{};
  /// Of a map: all entries in the order of the text, those with equal keys too.
  std::vector<Entry> entries{};
};

/// What a text in YAML says. The contents of lists are not kept.
struct Yaml {
  /// At addresses that stay.
  std::deque<Value> values{};
  /// The first two, the second only for its place.
  std::vector<Use> documents{};
};

/// @throws FileError where the text is no YAML, with what the parser says
[[nodiscard]] Yaml read_yaml(std::string_view text, std::string_view source);

}  // namespace rankmesh::files
