#include "rankmesh/options/config_options.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "rankmesh/files/layout.hpp"
#include "rankmesh/options/options.hpp"
#include "rankmesh/topology/closest_matches.hpp"
#include "rankmesh/topology/config_values.hpp"
#include "rankmesh/topology/convention_table.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

constexpr const char* layout = "Layout of the job";

/// Custom meshes have a command of their own, so that their convention is no choice here.
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
    case FieldType::meshes:
      return "NAME=N,...";
    case FieldType::kinds:
      return "GROUP,...";
    default:
      return "NAME";
  }
}

std::vector<Choice> choices_of(const FieldDescription& field) {
  std::vector<Choice> choices;
  for (const FieldChoice& choice : field.choices) {
    if (choice.word != mesh_convention) choices.emplace_back(choice.word, choice.description);
  }
  if (field.field == "convention") {
    for (const ConventionTable& table : convention_tables()) choices.emplace_back(table.name, table.summary);
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

/// Options that only Megatron-Core has say which convention is meant.
void assume_megatron_core(std::vector<GivenValue>& given, std::vector<std::string>& notes) {
  std::vector<std::string> options;
  for (const FieldDescription& field : describe_fields()) {
    const bool is_megatron_core =
        field.conventions.size() == 1 && field.conventions[0] == Convention::megatron_core;
    if (is_megatron_core && is_given(given, field.field)) options.push_back(option_name(field));
  }
  if (options.empty()) return;
  const std::string name = "megatron-core";
  notes.push_back(joined(options, ", ") + (options.size() == 1 ? " belongs" : " belong") +
                  " to the convention " + name + ", which is taken; --convention " + name + " says so");
  given.push_back({"convention", name});
}

/// What is wrong with a convention that is given and does not exist. The rules of the library do not know
/// those that are tables.
std::optional<Diagnostic> unknown_convention(const std::vector<GivenValue>& given) {
  const std::vector<FieldDescription> fields = describe_fields();
  const auto field =
      std::find_if(fields.begin(), fields.end(), [](const auto& f) { return f.field == "convention"; });
  const auto value =
      std::find_if(given.begin(), given.end(), [](const auto& v) { return v.field == "convention"; });
  if (value == given.end() || !value->text || *value->text == mesh_convention) return std::nullopt;
  std::vector<std::string> words;
  for (const Choice& choice : choices_of(*field)) words.push_back(choice.name);
  if (std::find(words.begin(), words.end(), *value->text) != words.end()) return std::nullopt;
  return Diagnostic{
      .field = "convention",
      .value = *value->text,
      .rule = "is none of " + joined(words, ", ") + did_you_mean(closest_matches(*value->text, words))};
}

}  // namespace

ConfigOptions::ConfigOptions(Command& command, std::string_view world_size_note)
    : layout_(command.add(
          {.name = "--layout",
           .value_name = "FILE",
           .description = "a layout file in TOML (docs/files.md), - for standard input; options override it",
           .heading = layout,
           .takes_file = true})),
      from_(command.add(
          {.name = "--from",
           .value_name = "FILE",
           .description = "a launch script or a configuration file of another system, - for standard input",
           .details =
               "Nothing in it is run. docs/launch_files.md lists the systems: Megatron-LM, NeMo, torchtitan, "
               "DeepSpeed, accelerate, vLLM, SGLang and others.",
           .heading = layout,
           .takes_file = true})),
      sizes_(command.add(
          {.name = "--sizes",
           .value_name = "NAME=N,...",
           .description = "the sizes of a convention that is a table, by its own names",
           .details = "rankmesh conventions NAME prints them: --convention vllm --sizes tp=4,pp=2.",
           .heading = layout})),
      convention_file_(
          command.add({.name = "--convention-file",
                       .value_name = "FILE",
                       .description = "a convention of your own, a table in TOML (docs/groups.md)",
                       .heading = layout,
                       .takes_file = true})) {
  for (const FieldDescription& field : describe_fields()) {
    if (has_option(field))
      options_.push_back({field.field, &command.add(option_spec(field, world_size_note))});
  }
  command.explain_unknown("--dp", "the data parallel size is what the others leave of the world size");
}

OptionReading ConfigOptions::read_options(std::optional<std::int64_t> default_world_size,
                                          files::LayoutFile file) const {
  std::vector<GivenValue> given;
  for (const auto& [field, option] : options_) {
    for (const std::string& word : option->words()) {
      given.push_back({std::string(field), word.empty() ? std::nullopt : std::optional(word)});
    }
  }
  Problems problems;
  const auto path = value_of(layout_, problems);
  if (path) file = files::parse_layout_file(*path);
  std::vector<std::string> notes;
  if (!is_given(given, "convention") && !gives(file, "convention")) assume_megatron_core(given, notes);
  // Without a field, so that the contents of the file count as unknown.
  for (const std::string& problem : problems) file.diagnostics.push_back({.rule = problem});
  std::vector<Diagnostic> known;
  const GivenValue custom_meshes{"convention", std::string(mesh_convention)};
  if (!path && std::find(given.begin(), given.end(), custom_meshes) != given.end()) {
    known.push_back({.field = "convention",
                     .value = std::string(mesh_convention),
                     .rule = "has a command of its own: rankmesh mesh --axes tp=2,dp=4"});
  }
  if (auto unknown = unknown_convention(given)) known.push_back(std::move(*unknown));
  // Without a message of its own: that of the unknown option is enough. No rule reads the field.
  std::vector<std::string_view> misspelt;
  for (const auto& [field, option] : options_) {
    if (!option->is_misspelt() || option->count() > 0) continue;
    misspelt.push_back(field);
    known.push_back({.field = std::string(field)});
  }
  if (default_world_size && !gives(file, "world_size") && !is_given(given, "world_size")) {
    given.push_back({"world_size", std::to_string(*default_world_size)});
  }
  OptionReading reading{files::check_together(file, given, std::move(known))};
  reading.notes = std::move(notes);
  for (Diagnostic& diagnostic : reading.diagnostics) {
    if (diagnostic.rule.empty() &&
        std::find(misspelt.begin(), misspelt.end(), diagnostic.field) != misspelt.end())
      continue;
    if (diagnostic.kind == Diagnostic::Kind::missing) {
      diagnostic.rule += ": give " + option_of_field(diagnostic.field) + " N";
    }
    reading.messages.push_back(option_message(diagnostic));
  }
  return reading;
}

const Option& ConfigOptions::option_of(std::string_view field) const {
  return *std::find_if(options_.begin(), options_.end(), [&](const FieldOption& o) {
            return o.field == field;
          })->option;
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
