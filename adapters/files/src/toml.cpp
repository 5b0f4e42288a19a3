#include "rankmesh/files/toml.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <tuple>
#include <utility>

#include "rankmesh/files/file_text.hpp"
#include "rankmesh/files/layout.hpp"

namespace rankmesh::files {
namespace {

/// The levels of nesting that a text may have. A layout needs one.
constexpr int deepest_toml = 32;

SourcePlace place_of(const toml::source_region& region, std::string_view source) {
  return {.source = std::string(source),
          .line = static_cast<int>(region.begin.line),
          .column = static_cast<int>(region.begin.column)};
}

/// The type of a node in messages: `an array`.
std::string_view noun_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return "a text";
    case toml::node_type::integer:
      return "a whole number";
    case toml::node_type::floating_point:
      return "a number with a fraction";
    case toml::node_type::boolean:
      return "true or false";
    default:
      return "a date or time";
  }
}

std::string shortest(double number) {
  std::array<char, 32> digits{};
  return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr};
}

TomlValue value_of(const toml::node& node, std::string_view source);

std::vector<TomlEntry> entries_of(const toml::table& table, std::string_view source) {
  std::vector<TomlEntry> entries;
  for (const auto& [key, node] : table) {
    entries.push_back({std::string(key.str()), place_of(key.source(), source), value_of(node, source)});
  }
  // toml++ sorts the keys of a table by name.
  std::sort(entries.begin(), entries.end(), [](const TomlEntry& a, const TomlEntry& b) {
    return std::tie(a.place.line, a.place.column) < std::tie(b.place.line, b.place.column);
  });
  return entries;
}

TomlValue value_of(const toml::node& node, std::string_view source) {
  TomlValue value{.place = place_of(node.source(), source), .noun = noun_of(node)};
  if (const auto* number = node.as_integer()) {
    value.sort = TomlValue::Sort::number;
    value.text = std::to_string(number->get());
  } else if (const auto* fraction = node.as_floating_point()) {
    value.text = shortest(fraction->get());
  } else if (const auto* boolean = node.as_boolean()) {
    value.sort = TomlValue::Sort::boolean;
    value.text = boolean->get() ? "true" : "false";
  } else if (const auto* text = node.as_string()) {
    value.sort = TomlValue::Sort::text;
    value.text = text->get();
  } else if (const auto* array = node.as_array()) {
    value.sort = TomlValue::Sort::list;
    for (const toml::node& part : *array) value.parts.push_back(value_of(part, source));
  } else if (const auto* table = node.as_table()) {
    value.sort = TomlValue::Sort::table;
    for (TomlEntry& entry : entries_of(*table, source)) {
      value.keys.push_back({std::move(entry.key), std::move(entry.place)});
      value.parts.push_back(std::move(entry.value));
    }
  }
  return value;
}

/// The end of the string that begins at a quote; the end of the line or text if the string is not closed.
std::size_t end_of_string(std::string_view text, std::size_t begin) {
  const char quote = text[begin];
  const std::string three(3, quote);
  const bool has_lines = text.substr(begin, 3) == three;
  const std::string_view end = std::string_view(three).substr(0, has_lines ? 3 : 1);
  for (std::size_t i = begin + end.size(); i < text.size(); ++i) {
    if (text.substr(i, end.size()) == end) return i + end.size();
    if (text[i] == '\n' && !has_lines) return i;
    if (text[i] == '\\' && quote == '"') ++i;
  }
  return text.size();
}

[[noreturn]] void refuse_depth(std::string_view before, std::string_view source) {
  const auto line = static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  const auto column = static_cast<int>(before.size() - (before.rfind('\n') + 1));
  throw FileError({.source = std::string(source), .line = line + 1, .column = column + 1},
                  "is nested too deeply: at most " + std::to_string(deepest_toml) +
                      " brackets in one another, and as many dots in a key, are read");
}

/// Bounds the nesting of a text before it is parsed, because toml++ calls itself for each level of it, and
/// would overflow the stack. Counts the brackets, and the dots since the last key began.
void require_shallow(std::string_view text, std::string_view source) {
  int brackets = 0;
  int dots = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '#') i = std::min(text.find('\n', i), text.size()) - 1;
    if (c == '"' || c == '\'') i = end_of_string(text, i) - 1;
    if (c == '.') ++dots;
    if (c == '[' || c == '{') ++brackets;
    if ((c == ']' || c == '}') && brackets > 0) --brackets;
    if (std::string_view("\n=,[{").find(c) != std::string_view::npos) dots = 0;
    if (brackets > deepest_toml || dots > deepest_toml) refuse_depth(text.substr(0, i), source);
  }
}

}  // namespace

bool can_read_layouts() noexcept {
  return true;
}

Toml read_toml(std::string_view text, std::string_view source) {
  require_size(text, source);
  require_shallow(text, source);
  try {
    return {entries_of(toml::parse(text, source), source)};
  } catch (const toml::parse_error& error) {
    throw FileError(place_of(error.source(), source), "is not TOML: " + std::string(error.description()));
  }
}

}  // namespace rankmesh::files
