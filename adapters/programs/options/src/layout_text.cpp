#include "rankmesh/options/layout_text.hpp"

#include <algorithm>
#include <utility>

#include "rankmesh/launch/launch_file.hpp"
#include "rankmesh/options/suggestions.hpp"
#include "rankmesh/topology/config_values.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

constexpr std::string_view layout_prefix = "layout";
constexpr std::string_view launch_prefix = "from";

void add_messages(const std::string& what, const std::vector<Diagnostic>& diagnostics, Problems& problems) {
  for (const Diagnostic& diagnostic : diagnostics) {
    problems.push_back((diagnostic.place ? "" : what + ": ") + diagnostic.message());
  }
}

std::optional<ParallelConfig> of_launch_file(const std::string& what, launch::LaunchFile file,
                                             Problems& problems) {
  if (file.diagnostics.empty() && !file.config)
    problems.push_back(what + ": world_size is missing: give --world-size N");
  add_messages(what, file.diagnostics, problems);
  return file.config;
}

}  // namespace

std::optional<LayoutText> parse_layout_text(const std::string& what, std::string_view text,
                                            Problems& problems) {
  using Form = LayoutText::Form;
  if (launch::is_flags(text)) return LayoutText{.form = Form::flags, .text = std::string(text)};
  // The name of a dialect comes before the first word, and contains no equals sign.
  const std::size_t colon = text.find(':');
  const bool is_named = colon != std::string_view::npos && colon < text.find_first_of("=[(");
  if (!is_named) return LayoutText{.dialect = dialects::recognise(text), .text = std::string(text)};
  const std::string name(text.substr(0, colon));
  const std::string rest(text.substr(colon + 1));
  if (name == layout_prefix) return LayoutText{.form = Form::layout_file, .text = rest};
  if (name == launch_prefix) return LayoutText{.form = Form::launch_file, .text = rest};
  if (const auto dialect = dialects::find(name)) return LayoutText{.dialect = *dialect, .text = rest};
  std::vector<std::string> names;
  for (const dialects::Dialect dialect : dialects::all()) names.emplace_back(name_of(dialect));
  const std::string known = "layout, from, " + alternatives(names);
  names.emplace_back(layout_prefix);
  names.emplace_back(launch_prefix);
  problems.push_back(what + ": \"" + name + "\" is not " + known + did_you_mean(name, names));
  return std::nullopt;
}

std::optional<ParallelConfig> read_layout_text(const std::string& what, const LayoutText& text,
                                               std::optional<std::int64_t> world_size, Problems& problems) {
  const launch::Known known{.world_size = world_size};
  switch (text.form) {
    case LayoutText::Form::flags:
      return of_launch_file(what, launch::read(text.text, what, known), problems);
    case LayoutText::Form::launch_file:
      return of_launch_file(what, launch::read_file(text.text, known), problems);
    case LayoutText::Form::layout_file: {
      const ConfigReading reading = files::check_layout(files::parse_layout_file(text.text));
      add_messages(what, reading.diagnostics, problems);
      return reading.diagnostics.empty() ? std::optional(reading.config) : std::nullopt;
    }
    case LayoutText::Form::words:
      break;
  }
  try {
    return dialects::read(text.dialect, text.text, world_size);
  } catch (const ConfigError& error) {
    add_messages(what, {error.diagnostics().begin(), error.diagnostics().end()}, problems);
    return std::nullopt;
  }
}

files::LayoutFile words_as_file(std::string_view text) {
  const SourcePlace place{.source = "LAYOUT"};
  files::LayoutFile file{.source = place.source};
  const std::vector<FieldDescription> fields = describe_fields();
  for (const std::string_view word : split_words(text)) {
    const std::size_t equals = word.find('=');
    const auto field = std::find_if(fields.begin(), fields.end(), [&](const FieldDescription& f) {
      return f.word == word.substr(0, equals);
    });
    if (field == fields.end()) continue;
    files::LayoutValue value{.value = {.field = std::string(field->field)}, .place = place};
    if (equals != std::string_view::npos) value.value.text = std::string(word.substr(equals + 1));
    file.values.push_back(std::move(value));
  }
  // What is wrong with the values is found when they are read; unknown words are not among them.
  for (Diagnostic diagnostic : read_config(text).diagnostics) {
    diagnostic.place = place;
    const bool is_field = std::any_of(fields.begin(), fields.end(),
                                      [&](const FieldDescription& f) { return f.field == diagnostic.field; });
    if (!is_field) file.diagnostics.push_back(std::move(diagnostic));
  }
  return file;
}

Note layout_text_note() {
  std::vector<std::string_view> names;
  for (const dialects::Dialect dialect : dialects::all()) names.push_back(name_of(dialect));
  return {
      "A layout is one of:",
      {{"TEXT", "a layout on one line, as the commands print it: 'world=16 tp=2 pp=4'"},
       {"DIALECT:TEXT", "a layout in another system's words: 'megatron:tp=2 pp=2'. The dialects are " +
                            joined(names, ", ") + "; without a name, the words tell"},
       {"FLAGS", "flags of Megatron-LM: '--tensor-model-parallel-size 2 ...'"},
       {"layout:FILE", "a file in TOML (docs/files.md)"},
       {"from:FILE", "a launch script or a configuration file of another system (docs/launch_files.md)"}}};
}

}  // namespace rankmesh::cli
