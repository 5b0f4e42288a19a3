#include "rankmesh/options/config_options.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "rankmesh/files/layout.hpp"
#include "rankmesh/options/options.hpp"
#include "rankmesh/topology/config_values.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

constexpr const char* layout = "Layout of the job";

/// Custom meshes have a command of their own, so that nothing of their convention is an option here.
constexpr std::string_view mesh_convention = "mesh";

bool has_option(const FieldDescription& field) {
  return std::any_of(field.conventions.begin(), field.conventions.end(),
                     [](Convention convention) { return convention != Convention::mesh; });
}

/// The word of the one-line form, but `--world-size` for `world`, as launchers of the field write it.
std::string option_name(const FieldDescription& field) {
  return field.word == "world" ? "--world-size" : "--" + std::string(field.word);
}

/// The heading of the help text: fields of Megatron-Core alone have their own.
std::string heading_of(const FieldDescription& field) {
  const auto& known = field.conventions;
  const bool is_general = std::find(known.begin(), known.end(), Convention::reference) != known.end();
  return is_general ? layout : "With --convention megatron-core";
}

/// What stands for the value in the help text; empty for a switch.
std::string value_name_of(const FieldDescription& field) {
  switch (field.type) {
    case FieldType::number:
      return "N";
    case FieldType::numbers:
      return "N,N";
    case FieldType::flag:
      return "";
    case FieldType::text:
      return upper_case(field.word);
    default:
      return "NAME";
  }
}

std::vector<Choice> choices_of(const FieldDescription& field) {
  std::vector<Choice> choices;
  for (const FieldChoice& choice : field.choices) {
    if (choice.word != mesh_convention) choices.emplace_back(choice.word, choice.description);
  }
  return choices;
}

OptionSpec option_spec(const FieldDescription& field, std::string_view world_size_note) {
  return {.name = option_name(field),
          .value_name = value_name_of(field),
          .description = std::string(field.description),
          .heading = heading_of(field),
          .choices = choices_of(field),
          .default_value = field.is_required ? std::string(world_size_note) : field.default_text};
}

/// Whether a file gives a field, readable or not.
bool gives(const files::LayoutFile& file, std::string_view field) {
  return std::any_of(file.values.begin(), file.values.end(),
                     [&](const files::LayoutValue& v) { return v.value.field == field; }) ||
         std::any_of(file.diagnostics.begin(), file.diagnostics.end(),
                     [&](const Diagnostic& d) { return d.field == field; });
}

bool is_given(const std::vector<GivenValue>& given, std::string_view field) {
  return std::any_of(given.begin(), given.end(), [&](const GivenValue& v) { return v.field == field; });
}

}  // namespace

ConfigOptions::ConfigOptions(Command& command, std::string_view world_size_note)
    : layout_(command.add(
          {.name = "--layout",
           .value_name = "FILE",
           .description = "a layout file in TOML (docs/files.md), - for standard input; options override it",
           .heading = layout,
           .takes_file = true})) {
  for (const FieldDescription& field : describe_fields()) {
    if (has_option(field))
      options_.push_back({field.field, &command.add(option_spec(field, world_size_note))});
  }
  command.explain_unknown("--dp", "the data parallel size is what the others leave of the world size");
}

OptionReading ConfigOptions::read(std::optional<std::int64_t> default_world_size) const {
  std::vector<GivenValue> given;
  for (const auto& [field, option] : options_) {
    for (const std::string& word : option->words()) {
      given.push_back({std::string(field), word.empty() ? std::nullopt : std::optional(word)});
    }
  }
  Problems problems;
  const auto path = value_of(layout_, problems);
  files::LayoutFile file;
  if (path) file = files::parse_layout_file(*path);
  // Without a field, so that the contents of the file count as unknown.
  for (const std::string& problem : problems) file.diagnostics.push_back({.rule = problem});
  std::vector<Diagnostic> known;
  const GivenValue custom_meshes{"convention", std::string(mesh_convention)};
  if (!path && std::find(given.begin(), given.end(), custom_meshes) != given.end()) {
    known.push_back({.field = "convention",
                     .value = std::string(mesh_convention),
                     .rule = "has a command of its own: rankmesh mesh --axes tp=2,dp=4"});
  }
  // Without a message of its own: that of the unknown option is enough. No rule reads the field.
  const std::string misspelt = "is misspelt";
  for (const auto& [field, option] : options_) {
    if (option->is_misspelt() && option->count() == 0)
      known.push_back({.field = std::string(field), .rule = misspelt});
  }
  if (default_world_size && !gives(file, "world_size") && !is_given(given, "world_size")) {
    given.push_back({"world_size", std::to_string(*default_world_size)});
  }
  OptionReading reading{files::check_together(file, given, std::move(known)), {}};
  for (Diagnostic& diagnostic : reading.diagnostics) {
    if (diagnostic.rule == misspelt) continue;
    if (diagnostic.kind == Diagnostic::Kind::missing) {
      diagnostic.rule += ": give " + option_of_field(diagnostic.field) + " N";
    }
    reading.messages.push_back(option_message(diagnostic));
  }
  return reading;
}

std::string option_of_field(std::string_view field) {
  for (const FieldDescription& description : describe_fields()) {
    if (description.field == field && has_option(description)) return option_name(description);
  }
  return "";
}

std::string option_message(const Diagnostic& diagnostic) {
  const std::string option = diagnostic.place ? "" : option_of_field(diagnostic.field);
  return option.empty() ? diagnostic.message() : option + ": " + diagnostic.message();
}

}  // namespace rankmesh::cli
