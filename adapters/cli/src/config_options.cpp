#include "rankmesh/cli/config_options.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "rankmesh/cli/options.hpp"

namespace rankmesh::cli {
namespace {

/// An option, the word of the one-line form that it stands for, and the field of the configuration.
struct Row {
  std::string_view option;
  std::string_view word;
  std::string_view field;
  /// What stands for the value in the help text; empty for a switch.
  std::string_view value_name;
  std::string_view description;
};

constexpr std::array<Row, 10> rows{{
    {"--world-size", "world", "world_size", "N", "ranks of the job"},
    {"--tp", "tp", "tensor", "N", "tensor parallel size [1]"},
    {"--pp", "pp", "pipeline", "N", "pipeline parallel size: stages [1]"},
    {"--sp", "sp", "sequence", "N", "sequence parallel size [1]; above 1 only with --tp 1 --pp 1"},
    {"--vpp", "vpp", "virtual_pipeline", "N", "virtual pipeline stages (model chunks) of every stage"},
    {"--split-rank", "split-rank", "split_rank", "N", "first decoder stage of an encoder-decoder model"},
    {"--fp8", "fp8", "fp8", "", "make the amax groups"},
    {"--distributed-optimizer", "distributed-optimizer", "distributed_optimizer", "",
     "data groups get a second, host-side communicator"},
    {"--amax-rule", "amax-rule", "amax_rule", "RULE",
     "which ranks an amax group holds [reference]:\n"
     "reference  consecutive blocks of tensor * data ranks\n"
     "product    ranks that differ in tensor, data or sequence\n"
     "           position (data_tensor_product)"},
    {"--vpp-rule", "vpp-rule", "virtual_pipeline_rule", "RULE",
     "the stages that --vpp needs [reference]:\n"
     "reference  more than two\n"
     "megatron   more than one, as in Megatron-Core"},
}};

void add_violation(ConfigReading& reading, std::string_view field, std::string_view value, std::string rule) {
  reading.violations.push_back({std::string(field), std::string(value), std::move(rule), {}});
}

bool is_reported(const ConfigReading& reading, std::string_view field) {
  return std::any_of(reading.violations.begin(), reading.violations.end(),
                     [&](const Violation& v) { return v.field == field; });
}

/// What the options were given, in the order of the rows.
using Words = std::vector<std::vector<std::string>>;

/// The words as one line; each option's only word may be missing.
std::string one_line(const Words& words) {
  std::string text;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (const std::string& value : words[i]) {
      text.append(" ").append(rows[i].word);
      if (!value.empty()) text.append("=").append(value);
    }
  }
  return text;
}

/// Refuses the values with a space, which would end a word of the line.
void take_spaced(Words& words, ConfigReading& reading) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::erase_if(words[i], [&](const std::string& value) {
      if (value.find_first_of(" \t\r\n") == std::string::npos) return false;
      add_violation(reading, rows[i].field, "\"" + value + "\"", "has a space in it");
      return true;
    });
  }
}

/// The configuration without the fields that could not be read, which keep their defaults; a world size that
/// could not is 0, which nothing can fail to divide.
ParallelConfig readable_part(Words words, const ConfigReading& reading) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (is_reported(reading, rows[i].field)) words[i].clear();
  }
  if (words[0].empty()) words[0] = {"0"};
  return read_config(one_line(words)).config;
}

/// Adds what `check` finds, but for fields that could not be read and rules about those.
void add_checked(ConfigReading& reading) {
  ParallelConfig config = reading.config;
  const bool stages_are_known =
      !is_reported(reading, "pipeline") && !is_reported(reading, "virtual_pipeline_rule");
  if (!stages_are_known) config.virtual_pipeline.reset();

  std::vector<Violation> found = check(config);
  if (!stages_are_known) {
    // Enough stages for any number of virtual ones: what is left to judge is the number.
    const auto alone =
        check({.world_size = 4, .pipeline = 4, .virtual_pipeline = reading.config.virtual_pipeline});
    found.insert(found.end(), alone.begin(), alone.end());
  }
  std::erase_if(found, [&](const Violation& v) { return is_reported(reading, v.field); });
  reading.violations.insert(reading.violations.end(), found.begin(), found.end());
}

void sort_by_field(std::vector<Violation>& violations) {
  const auto place = [](const Violation& v) {
    return std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.field == v.field; });
  };
  std::stable_sort(violations.begin(), violations.end(),
                   [&](const Violation& a, const Violation& b) { return place(a) < place(b); });
}

}  // namespace

ConfigOptions::ConfigOptions(CLI::App& app, std::string_view world_size_note) {
  for (const Row& row : rows) {
    OptionText text{.name = std::string(row.option),
                    .value_name = std::string(row.value_name),
                    .description = std::string(row.description),
                    .group = "Layout of the job"};
    if (&row == &rows[0]) text.description += " [" + std::string(world_size_note) + "]";
    options_.push_back(row.value_name.empty() ? add_switch(app, text) : add_value(app, text));
  }
}

ConfigReading ConfigOptions::read(std::optional<std::int64_t> default_world_size) const {
  Words words;
  for (const CLI::Option* option : options_) words.push_back(option->results());
  ConfigReading reading;
  if (words[0].empty()) {
    if (!default_world_size) add_violation(reading, "world_size", "", "is missing: give --world-size N");
    words[0] = {std::to_string(default_world_size.value_or(0))};
  }
  take_spaced(words, reading);
  for (const Violation& violation : read_config(one_line(words)).violations) {
    if (!is_reported(reading, violation.field)) reading.violations.push_back(violation);
  }
  reading.config = readable_part(words, reading);
  add_checked(reading);
  sort_by_field(reading.violations);
  return reading;
}

std::string option_of_field(std::string_view field) {
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& r) { return r.field == field; });
  return row == rows.end() ? "" : std::string(row->option);
}

std::string option_message(const Violation& violation) {
  const std::string option = option_of_field(violation.field);
  return option.empty() ? violation.message() : option + ": " + violation.message();
}

}  // namespace rankmesh::cli
