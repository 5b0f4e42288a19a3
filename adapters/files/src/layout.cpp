#include "rankmesh/files/layout.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "file_text.hpp"
#include "rankmesh/topology/closest_matches.hpp"
#include "text.hpp"
#include "toml.hpp"

namespace rankmesh::files {
namespace {

using Sort = TomlValue::Sort;

/// What a field takes: the sort of its value or of the parts of that, and the words that say so.
struct Wanted {
  Sort sort;
  bool is_list;
  std::string_view words;
  /// What stands between the parts of a list in the one-line form.
  std::string_view separator = ",";
};

Wanted wanted_by(FieldType type) {
  switch (type) {
    case FieldType::number:
      return {Sort::number, false, "a whole number is needed, without quotes"};
    case FieldType::flag:
      return {Sort::boolean, false, "true or false is needed, without quotes"};
    case FieldType::text:
    case FieldType::choice:
      return {Sort::text, false, "text in quotes is needed"};
    case FieldType::numbers:
      return {Sort::number, true, "an array of whole numbers is needed: [2, 4]"};
    case FieldType::meshes:
      return {Sort::text, true, "an array of texts is needed, the axes of one mesh in each: [\"tp=2,dp=4\"]",
              "/"};
    case FieldType::kinds:
      return {Sort::text, true, "an array of texts is needed, one kind in each: [\"dp\", \"zero:dp+tp\"]"};
  }
  return {Sort::other, false, ""};
}

std::string value_text(const TomlValue& value) {
  return value.sort == Sort::text ? in_quotes(value.text) : value.text;
}

/// Reads the keys of a file.
class Reader {
 public:
  explicit Reader(LayoutFile& file) : file_(file), fields_(describe_fields()) {}

  void read(const TomlEntry& entry) {
    const auto field = std::find_if(fields_.begin(), fields_.end(),
                                    [&](const FieldDescription& f) { return f.field == entry.key; });
    if (field == fields_.end()) {
      refuse_key(entry);
    } else {
      read_value(*field, entry.value);
    }
  }

 private:
  void add(Place place, Diagnostic diagnostic, std::vector<std::string> suggestions = {}) {
    file_.problems.push_back(
        {file_.source, place.line, place.column, std::move(diagnostic), std::move(suggestions)});
  }

  void refuse_key(const TomlEntry& entry) {
    std::vector<std::string> names;
    std::vector<std::string> meant;
    for (const FieldDescription& field : fields_) {
      names.emplace_back(field.field);
      // The options are called after the words.
      if (field.word == entry.key) meant.emplace_back(field.field);
    }
    if (meant.empty()) meant = closest_matches(entry.key, names);
    std::string rule = "is no key of a layout";
    if (entry.key == "dp" || entry.key == "data") {
      rule += ": the data parallel size is what the others leave of the world size";
    } else if (meant.empty()) {
      rule += "; there are ";
      for (const std::string& name : names) rule.append(&name == &names.front() ? "" : ", ").append(name);
    } else {
      for (const std::string& name : meant)
        rule.append(&name == &meant.front() ? "; did you mean " : " or ").append(name);
      rule += "?";
    }
    add(entry.place, {.field = shown(entry.key), .rule = std::move(rule)}, std::move(meant));
  }

  void refuse_type(const FieldDescription& field, const TomlValue& value, std::string_view words) {
    add(value.place, {.field = std::string(field.field),
                      .value = value_text(value),
                      .rule = "is " + std::string(value.noun) + ": " + std::string(words)});
  }

  void read_value(const FieldDescription& field, const TomlValue& value) {
    const Wanted wanted = wanted_by(field.type);
    if (value.sort != (wanted.is_list ? Sort::list : wanted.sort))
      return refuse_type(field, value, wanted.words);
    if (field.type == FieldType::choice && !is_choice(field, value)) return refuse_choice(field, value);
    LayoutValue read{.value = {.field = std::string(field.field), .text = value.text},
                     .line = value.place.line,
                     .column = value.place.column};
    if (field.type == FieldType::flag) {
      // One that is not set is as good as not given.
      if (value.text == "false") return;
      read.value.text.reset();
    }
    if (wanted.is_list && !read_parts(field, value, wanted, read)) return;
    file_.values.push_back(std::move(read));
  }

  static bool is_choice(const FieldDescription& field, const TomlValue& value) {
    return std::find(field.choices.begin(), field.choices.end(), value.text) != field.choices.end();
  }

  void refuse_choice(const FieldDescription& field, const TomlValue& value) {
    const std::vector<std::string> choices(field.choices.begin(), field.choices.end());
    const std::vector<std::string> close = closest_matches(value.text, choices);
    std::string rule = "is none of ";
    for (const std::string& choice : choices)
      rule.append(&choice == &choices.front() ? "" : ", ").append(choice);
    add(value.place, {.field = std::string(field.field), .value = in_quotes(value.text), .rule = rule},
        close.empty() ? choices : close);
  }

  /// Returns whether there is something to read: a list without parts is as good as not given.
  bool read_parts(const FieldDescription& field, const TomlValue& value, const Wanted& wanted,
                  LayoutValue& read) {
    bool are_right = true;
    std::string text;
    for (const TomlValue& part : value.parts) {
      if (part.sort != wanted.sort) {
        are_right = false;
        refuse_type(field, part, wanted.words);
        continue;
      }
      text.append(read.parts.empty() ? "" : wanted.separator).append(part.text);
      read.parts.push_back(
          {.value = {read.value.field, part.text}, .line = part.place.line, .column = part.place.column});
    }
    read.value.text = std::move(text);
    return are_right && !read.parts.empty();
  }

  LayoutFile& file_;
  std::vector<FieldDescription> fields_;
};

/// The fields that unknown keys may be meant for, as if they were wrong: what follows from their absence is
/// not to be reported.
std::vector<Diagnostic> misspelt_fields(const LayoutFile& file) {
  std::vector<Diagnostic> result;
  for (const LayoutProblem& problem : file.problems) {
    for (const std::string& name : problem.suggestions) result.push_back({.field = name});
  }
  return result;
}

}  // namespace

std::string LayoutProblem::text() const {
  return diagnostic.field.empty() ? diagnostic.rule : diagnostic.message();
}

std::string LayoutProblem::message() const {
  return Problem{source, line, column, text()}.message();
}

LayoutProblem LayoutFile::placed(const Diagnostic& diagnostic) const {
  for (const LayoutProblem& problem : problems) {
    if (problem.diagnostic == diagnostic) return problem;
  }
  LayoutProblem problem{.source = source, .diagnostic = diagnostic};
  for (const LayoutValue& value : values) {
    if (value.value.field != diagnostic.field) continue;
    const auto part = std::find_if(value.parts.begin(), value.parts.end(),
                                   [&](const LayoutValue& p) { return p.value.text == diagnostic.value; });
    const LayoutValue& place = part == value.parts.end() ? value : *part;
    problem.line = place.line;
    problem.column = place.column;
  }
  return problem;
}

LayoutFile parse_layout(std::string_view toml, std::string source) {
  LayoutFile file{.source = std::move(source)};
  try {
    Reader reader(file);
    for (const TomlEntry& entry : read_toml(toml, file.source).entries) reader.read(entry);
  } catch (const FileError& error) {
    for (const Problem& problem : error.problems()) {
      file.problems.push_back({problem.source, problem.line, problem.column, {.rule = problem.text}, {}});
    }
  }
  return file;
}

LayoutFile parse_layout_file(const std::filesystem::path& path) {
  const std::string source = path.string();
  try {
    return parse_layout(file_text(source), source);
  } catch (const FileError& error) {
    LayoutFile file{.source = source};
    for (const Problem& problem : error.problems()) {
      file.problems.push_back({source, problem.line, problem.column, {.rule = problem.text}, {}});
    }
    return file;
  }
}

ConfigReading check_together(LayoutFile& file, std::vector<GivenValue> others,
                             std::vector<Diagnostic> known) {
  std::erase_if(file.values, [&](const LayoutValue& value) {
    return std::any_of(others.begin(), others.end(),
                       [&](const GivenValue& other) { return other.field == value.value.field; });
  });
  for (const LayoutValue& value : file.values) others.push_back(value.value);
  const std::vector<Diagnostic> misspelt = misspelt_fields(file);
  for (const LayoutProblem& problem : file.problems) known.push_back(problem.diagnostic);
  known.insert(known.end(), misspelt.begin(), misspelt.end());

  ConfigReading reading = read_values(others, std::move(known));
  const bool is_readable =
      std::none_of(file.problems.begin(), file.problems.end(),
                   [](const LayoutProblem& problem) { return problem.diagnostic.field.empty(); });
  if (is_readable) check_values(reading);
  std::erase_if(reading.diagnostics, [&](const Diagnostic& v) {
    const bool may_be_in_file = !is_readable && v.field == "world_size" && v.value.empty();
    return may_be_in_file || std::find(misspelt.begin(), misspelt.end(), v) != misspelt.end();
  });
  return reading;
}

LayoutReading check_layout(LayoutFile file) {
  ConfigReading reading = check_together(file, {});
  LayoutReading result{.config = std::move(reading.config)};
  for (const Diagnostic& diagnostic : reading.diagnostics) result.problems.push_back(file.placed(diagnostic));
  // What has no place comes last.
  const auto place = [](const LayoutProblem& p) { return std::tuple(p.line == 0, p.line, p.column); };
  std::stable_sort(result.problems.begin(), result.problems.end(),
                   [&](const LayoutProblem& a, const LayoutProblem& b) { return place(a) < place(b); });
  return result;
}

ParallelConfig load_layout(const std::filesystem::path& path) {
  LayoutReading reading = check_layout(parse_layout_file(path));
  if (reading.problems.empty()) return reading.config;
  std::vector<Problem> problems;
  for (const LayoutProblem& problem : reading.problems) {
    problems.push_back({problem.source, problem.line, problem.column, problem.text()});
  }
  throw FileError(std::move(problems));
}

}  // namespace rankmesh::files
