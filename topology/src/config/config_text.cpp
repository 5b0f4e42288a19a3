#include "rankmesh/topology/config_text.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include "config/config_fields.hpp"
#include "rankmesh/topology/closest_matches.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

/// The words that an unknown word may stand for.
std::vector<std::string> words_meant_by(std::string_view name) {
  std::vector<std::string> words;
  for (const ConfigField& field : config_fields()) {
    // Users of C++ and of layout files know the names of the fields.
    if (field.field == name) return {std::string(field.word)};
    words.emplace_back(field.word);
  }
  return closest_matches(name, words);
}

std::string known_words() {
  return joined(config_fields(), ", ", &ConfigField::word);
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
  std::set<std::string_view> seen;
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
      const std::vector<std::string> meant = words_meant_by(name);
      refuse(name, "is no word of a configuration" +
                       (meant.empty() ? "; known are " + known_words() : did_you_mean(meant)));
      // The fields that are meant are not missing.
      for (const ConfigField& f : known) {
        if (std::find(meant.begin(), meant.end(), f.word) != meant.end())
          reading.unreadable.emplace_back(f.field);
      }
    } else if (seen.contains(name)) {
      refuse(field->field, "is given twice");
    } else if (std::string rule = read_value(*field, value, reading.config); !rule.empty()) {
      refuse(field->field, std::move(rule));
    }
    seen.insert(name);
  }
  for (const ConfigField& field : config_fields()) {
    const auto& unreadable = reading.unreadable;
    const bool is_unreadable =
        std::find(unreadable.begin(), unreadable.end(), field.field) != unreadable.end();
    if (!field.is_required || is_unreadable || seen.contains(field.word)) continue;
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
    // Only a convention of one's own always has these.
    const bool is_own = field.field == "meshes" || field.field == "kinds";
    if (is_own && config.convention != Convention::mesh && value_text(field, config) == "none") continue;
    result.push_back({field.field, value_data(field, config)});
  }
  return result;
}

}  // namespace rankmesh
