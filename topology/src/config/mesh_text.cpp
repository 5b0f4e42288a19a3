#include "rankmesh/topology/mesh_text.hpp"

#include <optional>
#include <utility>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

bool is_name(std::string_view text) {
  if (text.empty() || text[0] < 'a' || text[0] > 'z') return false;
  for (const char c : text) {
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) return false;
  }
  return true;
}

/// Reads `name=number`; returns the rule that the text breaks, empty if none.
std::string read_pair(std::string_view text, std::string& name, std::int64_t& number) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || !is_name(text.substr(0, equals))) {
    return "is not NAME=NUMBER, with a name of lower-case letters, digits and underscores";
  }
  if (const std::string rule = read_number(text.substr(equals + 1), number); !rule.empty()) {
    return rule + " behind the name";
  }
  name = text.substr(0, equals);
  return "";
}

std::vector<std::string> read_names(std::string_view text, std::vector<Diagnostic>& diagnostics) {
  std::vector<std::string> names;
  for (const std::string_view name : split_text(text, '+')) {
    if (!is_name(name)) {
      diagnostics.push_back({"kind", "\"" + std::string(name) + "\"", "cannot name an axis", {}});
    }
    names.emplace_back(name);
  }
  return names;
}

/// What a kind without a name is called.
std::string default_name(const GroupSpec& groups) {
  std::string name = joined(groups.varying, "_");
  for (const Coordinate& at : groups.at) name += "_" + at.axis + std::to_string(at.value);
  return name;
}

/// What follows a mark, cut off the text; nothing where there is no such mark.
std::optional<std::string_view> take_behind(std::string_view& text, char mark) {
  const std::size_t found = text.find(mark);
  if (found == std::string_view::npos) return std::nullopt;
  const std::string_view behind = text.substr(found + 1);
  text = text.substr(0, found);
  return behind;
}

}  // namespace

std::string to_string(const std::vector<Axis>& axes) {
  std::string text;
  for (const Axis& axis : axes) {
    text += (text.empty() ? "" : ",") + axis.name + "=" + std::to_string(axis.size);
  }
  return text;
}

std::vector<Axis> parse_axes(std::string_view text) {
  std::vector<Diagnostic> diagnostics;
  std::vector<Axis> axes;
  for (const std::string_view part : split_text(text, ',')) {
    Axis axis;
    if (std::string rule = read_pair(part, axis.name, axis.size); !rule.empty()) {
      diagnostics.push_back({"axis", "\"" + std::string(part) + "\"", std::move(rule), {}});
    }
    axes.push_back(std::move(axis));
  }
  if (!diagnostics.empty()) throw ConfigError(std::move(diagnostics));
  return axes;
}

std::string to_string(const KindSpec& kind) {
  const GroupSpec& groups = kind.groups;
  std::string text = kind.kind == default_name(groups) ? "" : kind.kind + ":";
  text += joined(groups.varying, "+");
  std::string_view separator = "@";
  for (const Coordinate& at : groups.at) {
    text.append(separator).append(at.axis).append("=").append(std::to_string(at.value));
    separator = "+";
  }
  if (!groups.numbering.empty()) text += "#" + joined(groups.numbering, "+");
  return text;
}

KindSpec parse_kind(std::string_view text) {
  std::vector<Diagnostic> diagnostics;
  KindSpec result;
  std::string_view rest = text;
  const auto numbering = take_behind(rest, '#');
  const auto at = take_behind(rest, '@');
  if (const std::size_t colon = rest.find(':'); colon != std::string_view::npos) {
    result.kind = rest.substr(0, colon);
    rest.remove_prefix(colon + 1);
  }
  // A kind with a name may have no axis that varies: groups of one.
  if (!rest.empty() || result.kind.empty()) result.groups.varying = read_names(rest, diagnostics);
  if (at) {
    for (const std::string_view part : split_text(*at, '+')) {
      Coordinate& fixed = result.groups.at.emplace_back();
      if (std::string rule = read_pair(part, fixed.axis, fixed.value); !rule.empty()) {
        diagnostics.push_back({"coordinate", "\"" + std::string(part) + "\"", std::move(rule), {}});
      }
    }
  }
  if (numbering) result.groups.numbering = read_names(*numbering, diagnostics);
  if (result.kind.empty()) result.kind = default_name(result.groups);
  if (!diagnostics.empty()) throw ConfigError(std::move(diagnostics));
  return result;
}

}  // namespace rankmesh
