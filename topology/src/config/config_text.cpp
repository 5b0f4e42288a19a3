#include "rankmesh/topology/config_text.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "config/config_fields.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

std::string known_words() {
  std::vector<std::string_view> words;
  for (const ConfigField& field : config_fields()) words.push_back(field.word);
  return joined(words, ", ");
}

}  // namespace

std::string to_string(const ParallelConfig& config) {
  const ParallelConfig defaults;
  std::string text;
  for (const ConfigField& field : config_fields()) {
    const std::string value = value_text(field, config);
    if (!field.is_required && value == value_text(field, defaults)) continue;
    text.append(text.empty() ? "" : " ").append(field.word);
    if (!std::holds_alternative<bool ParallelConfig::*>(field.access)) text.append("=").append(value);
  }
  return text;
}

ConfigReading read_config(std::string_view text) {
  ConfigReading reading;
  std::vector<std::string_view> seen;
  for (const std::string_view item : split_words(text)) {
    const std::size_t equals = item.find('=');
    const std::string_view name = item.substr(0, equals);
    const auto value =
        equals == std::string_view::npos ? std::nullopt : std::optional(item.substr(equals + 1));
    const auto refuse = [&](std::string_view field, std::string rule) {
      reading.diagnostics.push_back(
          {.field = std::string(field), .value = std::string(value.value_or("")), .rule = std::move(rule)});
      reading.unreadable.emplace_back(field);
    };
    const auto known = config_fields();
    const auto field =
        std::find_if(known.begin(), known.end(), [&](const ConfigField& f) { return f.word == name; });
    if (field == known.end()) {
      refuse(name, "is no word of a configuration; known are " + known_words());
    } else if (std::find(seen.begin(), seen.end(), name) != seen.end()) {
      refuse(field->field, "is given twice");
    } else if (std::string rule = read_value(*field, value, reading.config); !rule.empty()) {
      refuse(field->field, std::move(rule));
    }
    seen.push_back(name);
  }
  for (const ConfigField& field : config_fields()) {
    if (!field.is_required || std::find(seen.begin(), seen.end(), field.word) != seen.end()) continue;
    reading.diagnostics.push_back({.field = std::string(field.field),
                                   .rule = "is missing: write " + std::string(field.word) + "=N",
                                   .kind = Diagnostic::Kind::missing});
    reading.unreadable.emplace_back(field.field);
  }
  return reading;
}

ParallelConfig parse_config(std::string_view text) {
  ConfigReading reading = read_config(text);
  if (!reading.diagnostics.empty()) throw ConfigError(std::move(reading.diagnostics));
  return reading.config;
}

std::vector<FieldText> field_texts(const ParallelConfig& config) {
  std::vector<FieldText> result;
  result.reserve(config_fields().size());
  for (const ConfigField& field : config_fields()) {
    result.push_back({std::string(field.field), value_text(field, config)});
  }
  return result;
}

std::vector<FieldValue> fields_of_convention(const ParallelConfig& config) {
  std::vector<FieldValue> result;
  for (const ConfigField& field : config_fields()) {
    const auto& known = field.conventions;
    if (std::find(known.begin(), known.end(), config.convention) == known.end()) continue;
    if (field.field == "convention" && config.convention == Convention::reference) continue;
    result.push_back({field.field, value_data(field, config)});
  }
  return result;
}

}  // namespace rankmesh
