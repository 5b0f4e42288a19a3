#include "rankmesh/topology/config_values.hpp"

#include <algorithm>
#include <variant>

#include "config/config_fields.hpp"

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
    for (const auto& [text, value] : choice.values) description.choices.push_back(text);
  }
};

auto find_field(std::string_view name) {
  const auto known = config_fields();
  return std::find_if(known.begin(), known.end(), [&](const ConfigField& f) { return f.field == name; });
}

void add_violation(ConfigReading& reading, std::string_view field, std::string_view value, std::string rule) {
  reading.diagnostics.push_back({std::string(field), std::string(value), std::move(rule), {}});
}

bool is_reported(const ConfigReading& reading, std::string_view field) {
  return std::any_of(reading.diagnostics.begin(), reading.diagnostics.end(),
                     [&](const Diagnostic& v) { return v.field == field; });
}

/// What is wrong with a value; empty if nothing is.
std::string read_into(ParallelConfig& config, const GivenValue& value) {
  const auto field = find_field(value.field);
  if (field == config_fields().end()) return "is no field of a configuration";
  return read_value(*field, value.text, config);
}

bool has_space(const GivenValue& value) {
  return value.text && value.text->find_first_of(" \t\r\n") != std::string::npos;
}

/// What `check` finds of a configuration that has a pipeline and a rule for its virtual stages, or none of
/// both.
std::vector<Diagnostic> check_readable(const ConfigReading& reading) {
  ParallelConfig config = reading.config;
  const bool stages_are_known =
      !is_reported(reading, "pipeline") && !is_reported(reading, "virtual_pipeline_rule");
  if (!stages_are_known) config.virtual_pipeline.reset();

  std::vector<Diagnostic> found = check(config);
  if (!stages_are_known) {
    // Enough stages for any number of virtual ones: what is left to judge is the number.
    const auto alone =
        check({.world_size = 4, .pipeline = 4, .virtual_pipeline = reading.config.virtual_pipeline});
    found.insert(found.end(), alone.begin(), alone.end());
  }
  return found;
}

void sort_by_field(std::vector<Diagnostic>& diagnostics) {
  std::stable_sort(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return find_field(a.field) < find_field(b.field);
  });
}

}  // namespace

std::vector<FieldDescription> describe_fields() {
  std::vector<FieldDescription> result;
  for (const ConfigField& field : config_fields()) {
    result.push_back({.field = field.field, .word = field.word});
    std::visit(Describe{result.back()}, field.access);
  }
  return result;
}

ConfigReading read_values(std::span<const GivenValue> given, std::vector<Diagnostic> known) {
  ConfigReading reading{.config = {}, .diagnostics = std::move(known)};
  std::vector<GivenValue> values;
  for (const GivenValue& value : given) {
    if (is_reported(reading, value.field)) continue;
    if (has_space(value)) {
      // It would end a word of the one-line form.
      add_violation(reading, value.field, "\"" + *value.text + "\"", "has a space in it");
      continue;
    }
    const bool is_repeated =
        std::any_of(values.begin(), values.end(), [&](const auto& v) { return v.field == value.field; });
    ParallelConfig unused;
    const std::string rule = is_repeated ? "is given twice" : read_into(unused, value);
    if (!rule.empty()) add_violation(reading, value.field, value.text.value_or(""), rule);
    values.push_back(value);
  }
  bool has_world_size = false;
  for (const GivenValue& value : values) {
    if (is_reported(reading, value.field)) continue;
    static_cast<void>(read_into(reading.config, value));
    has_world_size = has_world_size || value.field == "world_size";
  }
  if (!has_world_size) {
    if (!is_reported(reading, "world_size")) add_violation(reading, "world_size", "", "is missing");
    reading.config.world_size = 0;
  }
  return reading;
}

void check_values(ConfigReading& reading) {
  // Without the convention, whose rules hold is not known.
  if (!is_reported(reading, "convention")) {
    ParallelConfig& config = reading.config;
    const bool is_partial = config.convention == Convention::megatron_core && !reading.diagnostics.empty();
    const std::int64_t world_size = config.world_size;
    // Many rules there are about several sizes: without a world, only those about one are left.
    if (is_partial) config.world_size = 0;
    std::vector<Diagnostic> found = check_readable(reading);
    config.world_size = world_size;
    std::erase_if(found, [&](const Diagnostic& v) {
      const bool needs_context = v.field == "hierarchical_context" && is_reported(reading, "context");
      const bool needs_stages = v.field.ends_with("embedding_stages") && is_reported(reading, "pipeline");
      return is_reported(reading, v.field) || (is_partial && v.field == "world_size") || needs_context ||
             needs_stages;
    });
    reading.diagnostics.insert(reading.diagnostics.end(), found.begin(), found.end());
  }
  sort_by_field(reading.diagnostics);
}

}  // namespace rankmesh
