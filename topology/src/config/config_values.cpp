#include "rankmesh/topology/config_values.hpp"

#include <algorithm>
#include <functional>
#include <set>
#include <variant>

#include "config/config_fields.hpp"
#include "config/rules.hpp"

namespace rankmesh {
namespace {

using Config = ParallelConfig;

struct Describe {
  FieldDescription& description;

  void operator()(std::int64_t Config::*) const { description.type = FieldType::number; }
  void operator()(std::optional<std::int64_t> Config::*) const { description.type = FieldType::number; }
  void operator()(bool Config::*) const { description.type = FieldType::flag; }
  void operator()(std::string Config::*) const { description.type = FieldType::text; }
  void operator()(std::vector<std::int64_t> Config::*) const { description.type = FieldType::numbers; }
  void operator()(std::vector<std::vector<Axis>> Config::*) const { description.type = FieldType::meshes; }
  void operator()(std::vector<KindSpec> Config::*) const { description.type = FieldType::kinds; }
  template <typename Choice>
  void operator()(const ChoiceField<Choice>& choice) const {
    description.type = FieldType::choice;
    for (const auto& named : choice.values) description.choices.push_back({named.word, named.description});
  }
};

/// What an absent field means; empty for a flag, and if there is nothing to say.
std::string default_text(const ConfigField& field) {
  if (!field.meaning_of_absence.empty()) return std::string(field.meaning_of_absence);
  const bool is_flag = std::holds_alternative<bool Config::*>(field.access);
  const std::string value = value_text(field, {});
  return is_flag || field.is_required || value == "none" ? "" : value;
}

/// The rule that a value breaks, which is stored in `config` if there is none.
std::string read_into(Config& config, const GivenValue& value) {
  const ConfigField* field = find_field(value.field);
  return field == nullptr ? "is no field of a configuration" : read_value(*field, value.text, config);
}

bool has_space(const GivenValue& value) {
  return value.text && value.text->find_first_of(" \t\r\n") != std::string::npos;
}

}  // namespace

std::vector<FieldDescription> describe_fields() {
  std::vector<FieldDescription> result;
  for (const ConfigField& field : config_fields()) {
    result.push_back({.field = field.field,
                      .word = field.word,
                      .description = field.description,
                      .default_text = default_text(field),
                      .conventions = field.conventions,
                      .is_required = field.is_required});
    std::visit(Describe{result.back()}, field.access);
  }
  return result;
}

ConfigReading read_values(std::span<const GivenValue> given, std::vector<Diagnostic> known,
                          std::vector<std::string> unreadable) {
  ConfigReading reading{.diagnostics = std::move(known), .unreadable = std::move(unreadable)};
  for (const Diagnostic& diagnostic : reading.diagnostics) reading.unreadable.push_back(diagnostic.field);

  std::set<std::string, std::less<>> bad(reading.unreadable.begin(), reading.unreadable.end());
  std::set<std::string_view> seen;
  std::vector<const GivenValue*> readable;
  for (const GivenValue& value : given) {
    const bool is_repeated = !seen.insert(value.field).second;
    if (bad.contains(value.field)) continue;
    const auto refuse = [&](std::string rule) {
      const std::string text = value.text.value_or("");
      reading.diagnostics.push_back({.field = value.field,
                                     .value = has_space(value) ? "\"" + text + "\"" : text,
                                     .rule = std::move(rule)});
      reading.unreadable.push_back(value.field);
      bad.insert(value.field);
    };
    Config unused;
    if (has_space(value)) {
      // A space would end the word in the one-line form.
      refuse("has a space in it");
    } else if (is_repeated) {
      refuse("is given twice");
    } else if (std::string rule = read_into(unused, value); !rule.empty()) {
      refuse(std::move(rule));
    }
    readable.push_back(&value);
  }
  // Only now, because a repeated field has become unreadable after its first value was read.
  for (const GivenValue* value : readable) {
    if (!bad.contains(value->field)) static_cast<void>(read_into(reading.config, *value));
  }
  for (const ConfigField& field : config_fields()) {
    if (!field.is_required || seen.contains(field.field) || bad.contains(field.field)) continue;
    reading.diagnostics.push_back(
        {.field = std::string(field.field), .rule = "is missing", .kind = Diagnostic::Kind::missing});
    reading.unreadable.emplace_back(field.field);
  }
  return reading;
}

void check_values(ConfigReading& reading) {
  const std::vector<Diagnostic> found = check_readable(reading.config, reading.unreadable);
  reading.diagnostics.insert(reading.diagnostics.end(), found.begin(), found.end());
  sort_by_field(reading.diagnostics);
}

}  // namespace rankmesh
