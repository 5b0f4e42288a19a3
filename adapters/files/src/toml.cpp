#include "toml.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <tuple>

#include "rankmesh/files/file_text.hpp"
#include "rankmesh/files/layout.hpp"

namespace rankmesh::files {
namespace {

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

TomlValue value_of(const toml::node& node, std::string_view source) {
  TomlValue value{.place = place_of(node.source(), source), .noun = noun_of(node)};
  if (const auto* number = node.as_integer()) {
    value.sort = TomlValue::Sort::number;
    value.text = std::to_string(number->get());
  } else if (const auto* boolean = node.as_boolean()) {
    value.sort = TomlValue::Sort::boolean;
    value.text = boolean->get() ? "true" : "false";
  } else if (const auto* text = node.as_string()) {
    value.sort = TomlValue::Sort::text;
    value.text = text->get();
  } else if (const auto* array = node.as_array()) {
    value.sort = TomlValue::Sort::list;
    for (const toml::node& part : *array) value.parts.push_back(value_of(part, source));
  }
  return value;
}

}  // namespace

bool can_read_layouts() noexcept {
  return true;
}

Toml read_toml(std::string_view text, std::string_view source) {
  require_size(text, source);
  try {
    const toml::table table = toml::parse(text, source);
    Toml toml;
    for (const auto& [key, node] : table) {
      toml.entries.push_back(
          {std::string(key.str()), place_of(key.source(), source), value_of(node, source)});
    }
    // toml++ sorts the keys of a table by name.
    std::sort(toml.entries.begin(), toml.entries.end(), [](const TomlEntry& a, const TomlEntry& b) {
      return std::tie(a.place.line, a.place.column) < std::tie(b.place.line, b.place.column);
    });
    return toml;
  } catch (const toml::parse_error& error) {
    throw FileError(place_of(error.source(), source), "is not TOML: " + std::string(error.description()));
  }
}

}  // namespace rankmesh::files
