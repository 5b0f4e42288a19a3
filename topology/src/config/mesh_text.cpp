#include "rankmesh/topology/mesh_text.hpp"

#include <algorithm>
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
std::string read_pair(std::string_view text, const NumberReader& read, std::string& name,
                      std::int64_t& number) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || !is_name(text.substr(0, equals))) {
    return "is not NAME=NUMBER, with a name of lower-case letters, digits and underscores";
  }
  if (const std::string rule = read(text.substr(equals + 1), number); !rule.empty()) {
    return rule + " behind the name";
  }
  name = text.substr(0, equals);
  return "";
}

void require_axis_name(std::string_view name, std::vector<Diagnostic>& diagnostics) {
  if (!is_name(name)) diagnostics.push_back({"kind", "\"" + std::string(name) + "\"", "cannot name an axis"});
}

std::vector<std::string> read_names(std::string_view text, std::vector<Diagnostic>& diagnostics) {
  std::vector<std::string> names;
  for (const std::string_view name : split_text(text, '+')) {
    require_axis_name(name, diagnostics);
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

/// What follows a mark that is not inside brackets, cut off the text; nothing where there is no such mark.
std::optional<std::string_view> take_behind(std::string_view& text, char mark) {
  const std::string_view before = split_outside_brackets(text, mark).front();
  if (before.size() == text.size()) return std::nullopt;
  const std::string_view behind = text.substr(before.size() + 1);
  text = before;
  return behind;
}

/// Reads the parts of a kind.
class KindReader {
 public:
  explicit KindReader(const NumberReader& read) : read_(read) {}

  KindSpec read(std::string_view text) {
    const auto numbering = take_behind(text, '#');
    const auto at = take_behind(text, '@');
    for (const auto& [mark, kind] :
         {std::pair('/', GroupDivision::Kind::pieces), std::pair('%', GroupDivision::Kind::strides)}) {
      const auto number = take_behind(text, mark);
      if (!number) continue;
      groups().division.kind = kind;
      number_into(*number, "division", groups().division.number);
    }
    if (const auto groups = take_behind(text, ':')) {
      result_.kind = text;
      text = *groups;
    }
    // A kind with a name may have no axis that varies: groups of one.
    if (!text.empty() || result_.kind.empty()) read_varying(text);
    if (at) read_fixed(*at);
    if (numbering) groups().numbering = read_names(*numbering, diagnostics_);
    if (result_.kind.empty()) {
      if (!groups().picked.empty() || groups().division.kind != GroupDivision::Kind::none) {
        diagnostics_.push_back(
            {"kind", "\"" + std::string(text) + "\"",
             "needs a name, since coordinates are picked or groups divided: put name: before it"});
      }
      result_.kind = default_name(groups());
    }
    if (!diagnostics_.empty()) throw ConfigError(std::move(diagnostics_));
    return std::move(result_);
  }

 private:
  [[nodiscard]] GroupSpec& groups() { return result_.groups; }

  void number_into(std::string_view text, std::string_view what, std::int64_t& number) {
    if (std::string rule = read_(text, number); !rule.empty()) {
      diagnostics_.push_back({std::string(what), "\"" + std::string(text) + "\"", std::move(rule)});
    }
  }

  /// `tp+pp`, `pp.tp`, `pp[0,-1]`
  void read_varying(std::string_view text) {
    const bool is_written_order = split_outside_brackets(text, '.').size() > 1;
    groups().in_written_order = is_written_order;
    for (std::string_view term : split_outside_brackets(text, is_written_order ? '.' : '+')) {
      if (const std::size_t bracket = term.find('['); bracket != std::string_view::npos) {
        const std::string_view coordinates = term.substr(bracket + 1);
        term = term.substr(0, bracket);
        read_picked(term, coordinates);
      }
      require_axis_name(term, diagnostics_);
      groups().varying.emplace_back(term);
    }
  }

  /// `0,-1]`
  void read_picked(std::string_view axis, std::string_view coordinates) {
    if (!coordinates.ends_with(']')) {
      diagnostics_.push_back({"kind", "\"[" + std::string(coordinates) + "\"", "lacks a ] at its end"});
      return;
    }
    coordinates.remove_suffix(1);
    PickedCoordinates& picked = groups().picked.emplace_back();
    picked.axis = axis;
    for (const std::string_view part : split_outside_brackets(coordinates, ','))
      number_into(part, "coordinate", picked.values.emplace_back());
  }

  /// `pp=1+dp=0`
  void read_fixed(std::string_view text) {
    for (const std::string_view part : split_outside_brackets(text, '+')) {
      Coordinate& fixed = groups().at.emplace_back();
      if (std::string rule = read_pair(part, read_, fixed.axis, fixed.value); !rule.empty()) {
        diagnostics_.push_back({"coordinate", "\"" + std::string(part) + "\"", std::move(rule), {}});
      }
    }
  }

  const NumberReader& read_;
  KindSpec result_;
  std::vector<Diagnostic> diagnostics_;
};

std::string varying_text(const GroupSpec& groups) {
  return joined(groups.varying, groups.in_written_order ? "." : "+", [&](const std::string& axis) {
    const auto picked = std::find_if(groups.picked.begin(), groups.picked.end(),
                                     [&](const PickedCoordinates& p) { return p.axis == axis; });
    return picked == groups.picked.end() ? axis : axis + "[" + joined(picked->values, ",") + "]";
  });
}

}  // namespace

std::string to_string(const std::vector<Axis>& axes) {
  std::string text;
  for (const Axis& axis : axes) {
    text += (text.empty() ? "" : ",") + axis.name + "=" + std::to_string(axis.size);
  }
  return text;
}

std::vector<Axis> parse_axes(std::string_view text, const NumberReader& read) {
  std::vector<Diagnostic> diagnostics;
  std::vector<Axis> axes;
  for (const std::string_view part : split_outside_brackets(text, ',')) {
    Axis axis;
    if (std::string rule = read_pair(part, read, axis.name, axis.size); !rule.empty()) {
      diagnostics.push_back({"axis", "\"" + std::string(part) + "\"", std::move(rule), {}});
    }
    axes.push_back(std::move(axis));
  }
  if (!diagnostics.empty()) throw ConfigError(std::move(diagnostics));
  return axes;
}

std::string to_string(const KindSpec& kind) {
  const GroupSpec& groups = kind.groups;
  const bool is_divided = groups.division.kind != GroupDivision::Kind::none;
  const bool needs_name = is_divided || !groups.picked.empty() || kind.kind != default_name(groups);
  std::string text = (needs_name ? kind.kind + ":" : "") + varying_text(groups);
  if (is_divided) {
    text += groups.division.kind == GroupDivision::Kind::pieces ? "/" : "%";
    text += std::to_string(groups.division.number);
  }
  std::string_view separator = "@";
  for (const Coordinate& at : groups.at) {
    text.append(separator).append(at.axis).append("=").append(std::to_string(at.value));
    separator = "+";
  }
  if (!groups.numbering.empty()) text += "#" + joined(groups.numbering, "+");
  return text;
}

KindSpec parse_kind(std::string_view text, const NumberReader& read) {
  return KindReader(read).read(text);
}

}  // namespace rankmesh
