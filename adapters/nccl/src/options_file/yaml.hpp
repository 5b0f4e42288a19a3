#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/diagnostic.hpp"

namespace rankmesh::nccl::options_file {

struct Value;

/// A value at a place in the text. An alias has its own place, but shares its value.
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
  /// Of a scalar: the text, without quotes and escapes.
  std::string text{};
  /// Whether a scalar has no quotes, so that it may be a number or a boolean.
  bool is_plain = true;
  /// The tag, with shorthands expanded; empty if there is none.
  std::string tag{};
  /// Of a map: all entries in the order of the text, including those with equal keys.
  std::vector<Entry> entries{};
};

/// The contents of a text in YAML, without the elements of lists.
struct Yaml {
  /// A deque, because entries refer to values by address.
  std::deque<Value> values{};
  /// The first two documents. The second is an error, reported with its place.
  std::vector<Use> documents{};
};

/// @throws files::FileError if the text is not YAML, with the message of the parser
[[nodiscard]] Yaml read_yaml(std::string_view text, std::string_view source);

}  // namespace rankmesh::nccl::options_file
