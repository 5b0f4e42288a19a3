#include "rankmesh/files/layout.hpp"

#include <algorithm>
#include <utility>

#include "rankmesh/files/file_text.hpp"
#include "rankmesh/files/shown_text.hpp"
#include "rankmesh/files/toml.hpp"
#include "rankmesh/topology/closest_matches.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::files {
namespace {

using Sort = TomlValue::Sort;

/// The TOML type of a field: that of the value or, for a list, of its elements.
struct Wanted {
  Sort sort;
  bool is_list;
  std::string_view words;
  /// Separates the elements of a list in the one-line form.
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
class LayoutReader {
 public:
  explicit LayoutReader(LayoutFile& file) : file_(file), fields_(describe_fields()) {}

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
  void add(const SourcePlace& place, Diagnostic diagnostic) {
    diagnostic.place = place;
    file_.diagnostics.push_back(std::move(diagnostic));
  }

  void refuse_key(const TomlEntry& entry) {
    std::vector<std::string> names;
    std::vector<std::string> meant;
    for (const FieldDescription& field : fields_) {
      names.emplace_back(field.field);
      // Users of the command line know the words of the options.
      if (field.word == entry.key) meant.emplace_back(field.field);
    }
    if (meant.empty()) meant = closest_matches(entry.key, names);
    std::string rule = "is no key of a layout";
    if (entry.key == "dp" || entry.key == "data") {
      rule += ": the data parallel size is what the others leave of the world size";
    } else if (meant.empty()) {
      rule += "; there are " + joined(names, ", ");
    } else {
      rule += did_you_mean(meant);
    }
    add(entry.place, {.field = shown(entry.key), .rule = std::move(rule), .suggestions = std::move(meant)});
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
    LayoutValue read{.value = {.field = std::string(field.field), .text = value.text}, .place = value.place};
    if (field.type == FieldType::flag) {
      // `false` is the default.
      if (value.text == "false") return;
      read.value.text.reset();
    }
    if (wanted.is_list && !read_parts(field, value, wanted, read)) return;
    file_.values.push_back(std::move(read));
  }

  static bool is_choice(const FieldDescription& field, const TomlValue& value) {
    return std::any_of(field.choices.begin(), field.choices.end(),
                       [&](const FieldChoice& choice) { return choice.word == value.text; });
  }

  void refuse_choice(const FieldDescription& field, const TomlValue& value) {
    std::vector<std::string> choices;
    for (const FieldChoice& choice : field.choices) choices.emplace_back(choice.word);
    const std::vector<std::string> close = closest_matches(value.text, choices);
    add(value.place, {.field = std::string(field.field),
                      .value = in_quotes(value.text),
                      .rule = "is none of " + joined(choices, ", ") + did_you_mean(close),
                      .suggestions = close.empty() ? choices : close});
  }

  /// Returns whether the list can be read and is not empty: an empty list is the default.
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
      read.parts.push_back({.value = {read.value.field, part.text}, .place = part.place});
    }
    read.value.text = std::move(text);
    return are_right && !read.parts.empty();
  }

  LayoutFile& file_;
  std::vector<FieldDescription> fields_;
};

/// The fields that unknown keys may be meant for. They count as unreadable, so that nothing is reported that
/// follows from their absence.
std::vector<std::string> misspelt_fields(const LayoutFile& file) {
  std::vector<std::string> result;
  for (const Diagnostic& diagnostic : file.diagnostics) {
    result.insert(result.end(), diagnostic.suggestions.begin(), diagnostic.suggestions.end());
  }
  return result;
}

/// Whether no diagnostic concerns the file as a whole.
bool is_readable(const LayoutFile& file) {
  return std::none_of(file.diagnostics.begin(), file.diagnostics.end(),
                      [](const Diagnostic& diagnostic) { return diagnostic.field.empty(); });
}

}  // namespace

std::optional<SourcePlace> LayoutFile::place_of(const Diagnostic& diagnostic) const {
  const auto value = std::find_if(values.begin(), values.end(),
                                  [&](const LayoutValue& v) { return v.value.field == diagnostic.field; });
  if (value == values.end()) return std::nullopt;
  const auto part = std::find_if(value->parts.begin(), value->parts.end(),
                                 [&](const LayoutValue& p) { return p.value.text == diagnostic.value; });
  return part == value->parts.end() ? value->place : part->place;
}

LayoutFile parse_layout(std::string_view toml, std::string source) {
  LayoutFile file{.source = std::move(source)};
  try {
    LayoutReader reader(file);
    for (const TomlEntry& entry : read_toml(toml, file.source).entries) reader.read(entry);
  } catch (const FileError& error) {
    file.diagnostics.assign(error.diagnostics().begin(), error.diagnostics().end());
  }
  return file;
}

LayoutFile parse_layout_file(const std::filesystem::path& path) {
  const std::string source = source_name(path.string());
  try {
    return parse_layout(file_text(path.string()), source);
  } catch (const FileError& error) {
    return {.source = source, .diagnostics = {error.diagnostics().begin(), error.diagnostics().end()}};
  }
}

ConfigReading check_together(LayoutFile& file, std::vector<GivenValue> others,
                             std::vector<Diagnostic> known) {
  std::erase_if(file.values, [&](const LayoutValue& value) {
    return std::any_of(others.begin(), others.end(),
                       [&](const GivenValue& other) { return other.field == value.value.field; });
  });
  for (const LayoutValue& value : file.values) others.push_back(value.value);
  known.insert(known.end(), file.diagnostics.begin(), file.diagnostics.end());

  ConfigReading reading = read_values(others, std::move(known), misspelt_fields(file));
  if (is_readable(file)) {
    check_values(reading);
  } else {
    // The file may give what is missing.
    std::erase_if(reading.diagnostics,
                  [](const Diagnostic& diagnostic) { return diagnostic.kind == Diagnostic::Kind::missing; });
  }
  for (Diagnostic& diagnostic : reading.diagnostics) {
    if (!diagnostic.place) diagnostic.place = file.place_of(diagnostic);
  }
  return reading;
}

ConfigReading check_layout(LayoutFile file) {
  ConfigReading reading = check_together(file, {});
  for (Diagnostic& diagnostic : reading.diagnostics) {
    if (!diagnostic.place) diagnostic.place = SourcePlace{.source = file.source};
  }
  sort_by_place(reading.diagnostics);
  return reading;
}

ParallelConfig load_layout(const std::filesystem::path& path) {
  ConfigReading reading = check_layout(parse_layout_file(path));
  if (!reading.diagnostics.empty()) throw FileError(std::move(reading.diagnostics));
  return reading.config;
}

}  // namespace rankmesh::files
