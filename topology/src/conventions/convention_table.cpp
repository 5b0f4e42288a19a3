#include "rankmesh/topology/convention_table.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "config/divisors.hpp"
#include "config/rules.hpp"
#include "conventions/expression.hpp"
#include "rankmesh/topology/closest_matches.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/group_kind.hpp"
#include "rankmesh/topology/mesh_text.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

using Parameter = ConventionTable::Size;
using Kind = ConventionTable::Kind;

NumberReader reader_of(const ExpressionNames& names) {
  return [&names](std::string_view text, std::int64_t& number) -> std::string {
    try {
      number = evaluate_number(text, names);
      return "";
    } catch (const ExpressionError& error) {
      return error.rule;
    }
  };
}

/// `name:groups`, or the groups alone if that is how they are called anyway.
KindSpec kind_of(const Kind& kind, const NumberReader& read) {
  return parse_kind(kind.name + ":" + kind.groups, read);
}

/// Makes the layout of a table; what is wrong with the values is in `diagnostics`.
class Layout {
 public:
  Layout(const ConventionTable& table, const ConventionValues& values) : table_(table), values_(values) {}

  ParallelConfig make() {
    check_names();
    check_place();
    if (diagnostics.empty()) read_sizes();
    if (diagnostics.empty()) check_rules();
    ParallelConfig config{.world_size = values_.world_size,
                          .convention = Convention::mesh,
                          .rank_offset = values_.rank_offset,
                          .job_size = values_.job_size};
    if (diagnostics.empty()) make_meshes(config);
    if (diagnostics.empty()) make_kinds(config);
    // What is wrong here is a mistake of the table.
    if (diagnostics.empty()) diagnostics = rankmesh::check(config);
    return config;
  }

  std::vector<Diagnostic> diagnostics;

  /// Whether the sizes do not fit the world together, so that several of them may be wrong.
  bool is_about_world = false;

 private:
  void refuse(std::string field, std::string value, Phrase rule) {
    diagnostics.push_back({.field = std::move(field), .value = std::move(value), .rule = std::move(rule)});
  }

  void check_names() {
    std::vector<std::string> known;
    for (const Parameter& size : table_.sizes) known.push_back(size.name);
    for (const auto& [name, value] : values_.sizes) {
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      const std::string meant = did_you_mean(closest_matches(name, known));
      refuse(name, value,
             "is no size of " + table_.name +
                 (meant.empty() ? "; the sizes are " + joined(known, ", ") : meant));
    }
  }

  void check_place() {
    const std::int64_t world = values_.world_size;
    if (!is_world_size(world)) refuse("world_size", std::to_string(world), "is not 1 .. 2147483647");
    if (values_.rank_offset < 0) refuse("rank_offset", std::to_string(values_.rank_offset), "is below 0");
    names_["world_size"] = world;
  }

  void read_sizes() {
    for (const Parameter& size : table_.sizes) {
      const auto given = values_.sizes.find(size.name);
      if (given != values_.sizes.end()) {
        read_given(size, given->second);
      } else if (!size.words.empty()) {
        names_[size.name] = size.words.front();
      } else if (size.default_value.empty()) {
        names_[size.name] = std::int64_t{1};
        refuse(size.name, "", "is missing: give " + size.name + "=N");
      } else {
        try {
          names_[size.name] = evaluate(size.default_value, names_);
        } catch (const ExpressionError& error) {
          refuse_default(size, error);
        }
      }
      check_value(size);
    }
  }

  void read_given(const Parameter& size, const std::string& text) {
    if (!size.words.empty()) {
      names_[size.name] = text;
      if (std::find(size.words.begin(), size.words.end(), text) != size.words.end()) return;
      refuse(size.name, text,
             "is none of " + joined(size.words, ", ") + did_you_mean(closest_matches(text, size.words)));
      return;
    }
    std::int64_t number = 1;
    if (std::string rule = read_number(text, number); !rule.empty()) refuse(size.name, text, std::move(rule));
    names_[size.name] = number;
  }

  /// A default that cannot be computed: the sizes that it is computed from do not fit the world.
  void refuse_default(const Parameter& size, const ExpressionError& error) {
    names_[size.name] = std::int64_t{1};
    // After a first mistake, others may follow from it.
    if (!diagnostics.empty()) return;
    is_about_world = true;
    refuse(size.name, "", size.name + " is " + size.default_value + ", which " + error.rule);
  }

  void check_value(const Parameter& size) {
    const auto* number = std::get_if<std::int64_t>(&names_[size.name]);
    if (number == nullptr || *number >= 1) return;
    refuse(size.name, std::to_string(*number), "is below 1");
  }

  void check_rules() {
    for (const ConventionTable::Rule& rule : table_.rules) {
      try {
        if (evaluate_number(rule.condition, names_) == 0)
          refuse(rule.size, value_text(rule.size), rule.message);
      } catch (const ExpressionError& error) {
        refuse(rule.size, value_text(rule.size), "is not allowed: " + rule.condition + " " + error.rule);
      }
    }
  }

  [[nodiscard]] std::string value_text(const std::string& name) const {
    const auto found = names_.find(name);
    if (found == names_.end()) return "";
    if (const auto* number = std::get_if<std::int64_t>(&found->second)) return std::to_string(*number);
    return std::get<std::string>(found->second);
  }

  void make_meshes(ParallelConfig& config) {
    for (const std::string& text : table_.meshes) {
      try {
        std::vector<Axis> axes = fill_in(parse_axes(text, reader_of(names_)), values_.world_size);
        const Mesh mesh(axes);
        if (mesh.world_size() == values_.world_size) {
          config.meshes.push_back(std::move(axes));
          continue;
        }
        refuse("world_size", std::to_string(values_.world_size),
               to_string(axes) + " has " + counted(mesh.world_size(), "rank"));
      } catch (const ConfigError& error) {
        refuse("world_size", std::to_string(values_.world_size),
               "the mesh " + text + " has no such size: " + error.diagnostics().front().message());
      }
      is_about_world = true;
      return;
    }
  }

  void make_kinds(ParallelConfig& config) {
    for (const Kind& kind : table_.kinds) {
      try {
        if (kind.condition.empty() || evaluate_number(kind.condition, names_) != 0)
          config.kinds.push_back(kind_of(kind, reader_of(names_)));
      } catch (const ExpressionError& error) {
        refuse("kinds." + kind.name, kind.condition, error.rule);
      } catch (const ConfigError& error) {
        for (const Diagnostic& diagnostic : error.diagnostics()) diagnostics.push_back(diagnostic);
      }
    }
  }

  const ConventionTable& table_;
  const ConventionValues& values_;
  ExpressionNames names_;
};

bool works(const ConventionTable& table, const ConventionValues& values) {
  Layout layout(table, values);
  static_cast<void>(layout.make());
  return layout.diagnostics.empty();
}

/// The nearest values of a size below and above its own with which the layout works.
std::vector<std::int64_t> nearest_of(const ConventionTable& table, const ConventionValues& values,
                                     const std::string& name, std::int64_t value) {
  std::vector<std::int64_t> below;
  std::vector<std::int64_t> above;
  for (const std::int64_t divisor : divisors_of(values.world_size)) {
    if (divisor < value) below.insert(below.begin(), divisor);
    if (divisor > value) above.push_back(divisor);
  }
  std::vector<std::int64_t> result;
  for (const auto& side : {below, above}) {
    for (const std::int64_t candidate : side) {
      ConventionValues changed = values;
      changed.sizes[name] = std::to_string(candidate);
      if (!works(table, changed)) continue;
      result.push_back(candidate);
      break;
    }
  }
  return result;
}

/// Values of a size that is given as a number.
struct Change {
  std::string name;
  std::string value;
  std::vector<std::int64_t> nearest;
};

/// Adds values that work to the one thing that is wrong with values. If sizes do not fit the world together,
/// the diagnostic then names a size for which there are such values.
void add_suggestions(const ConventionTable& table, const ConventionValues& values, bool is_about_world,
                     Diagnostic& diagnostic) {
  if (!is_world_size(values.world_size)) return;
  std::vector<Change> changes;
  for (const auto& [name, text] : values.sizes) {
    std::int64_t value = 0;
    if (!read_number(text, value).empty() || (!is_about_world && name != diagnostic.field)) continue;
    Change change{name, text, nearest_of(table, values, name, value)};
    if (!change.nearest.empty()) changes.push_back(std::move(change));
  }
  if (changes.empty()) return;
  if (is_about_world) {
    diagnostic.rule =
        "does not fit " + Phrase::field("world_size", values.world_size) + ": " + diagnostic.rule;
    diagnostic.field = changes.front().name;
    diagnostic.value = changes.front().value;
  }
  diagnostic.nearest = changes.front().nearest;
  for (std::size_t i = 1; i < changes.size(); ++i) {
    diagnostic.rule += (i == 1 ? "; or take " : " or ") + Phrase::field(changes[i].name) +
                       (" = " + joined(changes[i].nearest, " or "));
  }
}

/// The value that an expression gives where every size is 1, to find mistakes that values do not mend. What
/// depends on the values, for example a division with a rest, is no such mistake.
std::string mistake_of(std::string_view expression, const ExpressionNames& names) {
  try {
    static_cast<void>(evaluate(expression, names));
    return "";
  } catch (const ExpressionError& error) {
    return error.rule;
  }
}

/// Looks for the mistakes of a table.
class TableCheck {
 public:
  explicit TableCheck(const ConventionTable& table) : table_(table) {}

  std::vector<Diagnostic> run() {
    if (!is_name(table_.name))
      refuse("name", table_.name, "is no name: lower-case letters, digits and - are allowed");
    names_["world_size"] = std::int64_t{1};
    for (const Parameter& size : table_.sizes) check_size(size);
    for (const ConventionTable::Rule& rule : table_.rules) {
      if (!names_.contains(rule.size)) refuse("rules." + rule.size, "", "is about no size");
      check_expression("rules." + rule.size, rule.condition);
    }
    if (table_.meshes.empty()) refuse("meshes", "", "are missing");
    for (const std::string& text : table_.meshes) check_mesh(text);
    if (table_.kinds.empty()) refuse("kinds", "", "are missing");
    for (const Kind& kind : table_.kinds) check_kind(kind);
    return std::move(diagnostics_);
  }

 private:
  static bool is_name(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
  }

  void refuse(std::string field, std::string value, std::string rule) {
    diagnostics_.push_back({.field = std::move(field), .value = std::move(value), .rule = std::move(rule)});
  }

  void check_expression(const std::string& field, const std::string& expression) {
    if (std::string mistake = mistake_of(expression, names_); !mistake.empty())
      refuse(field, expression, std::move(mistake));
  }

  void check_size(const Parameter& size) {
    const std::string field = "sizes." + size.name;
    if (!is_name(size.name)) refuse(field, "", "is no name: lower-case letters, digits and _ are allowed");
    if (names_.contains(size.name)) refuse(field, "", "is given twice");
    if (!size.default_value.empty()) check_expression(field, size.default_value);
    if (size.words.empty()) {
      names_[size.name] = std::int64_t{1};
    } else {
      names_[size.name] = size.words.front();
    }
  }

  void check_mesh(const std::string& text) {
    try {
      for (const Axis& axis : parse_axes(text, reader_of(names_))) axes_.insert(axis.name);
    } catch (const ConfigError& error) {
      for (const Diagnostic& diagnostic : error.diagnostics()) refuse("meshes", text, diagnostic.message());
    }
  }

  void check_kind(const Kind& kind) {
    const std::string field = "kinds." + kind.name;
    if (!GroupKind::is_valid(kind.name)) {
      refuse(field, "",
             "cannot name a kind: 1 to 31 lower-case letters, digits and underscores, the first a letter");
    }
    if (!kind.condition.empty()) check_expression(field, kind.condition);
    try {
      for (const std::string& axis : kind_of(kind, reader_of(names_)).groups.varying) {
        if (!axes_.contains(axis))
          refuse(field, kind.groups, "names " + axis + ", which is no axis of a mesh");
      }
    } catch (const ConfigError& error) {
      for (const Diagnostic& diagnostic : error.diagnostics())
        refuse(field, kind.groups, diagnostic.message());
    }
  }

  const ConventionTable& table_;
  ExpressionNames names_;
  std::set<std::string> axes_;
  std::vector<Diagnostic> diagnostics_;
};

}  // namespace

ParallelConfig layout_of(const ConventionTable& table, const ConventionValues& values) {
  if (auto mistakes = check(table); !mistakes.empty()) throw ConfigError(std::move(mistakes));
  Layout layout(table, values);
  ParallelConfig config = layout.make();
  if (layout.diagnostics.empty()) return config;
  if (layout.diagnostics.size() == 1)
    add_suggestions(table, values, layout.is_about_world, layout.diagnostics.front());
  throw ConfigError(std::move(layout.diagnostics));
}

std::vector<Diagnostic> check(const ConventionTable& table) {
  return TableCheck(table).run();
}

}  // namespace rankmesh
