#include "rankmesh/cli/config_options.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "rankmesh/cli/options.hpp"

namespace rankmesh::cli {
namespace {

constexpr const char* layout = "Layout of the job";
constexpr const char* megatron_core = "With --convention megatron-core";

/// An option, the word of the one-line form that it stands for, and the field of the configuration.
struct Row {
  std::string_view option;
  std::string_view word;
  std::string_view field;
  /// What stands for the value in the help text; empty for a switch.
  std::string_view value_name;
  std::string_view description;
  const char* heading = layout;
};

constexpr std::array<Row, 24> rows{{
    {"--world-size", "world", "world_size", "N", "ranks of the job"},
    {"--convention", "convention", "convention", "NAME",
     "whose kinds of group, and what the sizes mean [reference]:\n"
     "reference      the nine kinds of parallel_state\n"
     "extended       the same, --sp with --tp and --pp\n"
     "megatron-core  the kinds of Megatron-Core"},
    {"--tp", "tp", "tensor", "N", "tensor parallel size [1]"},
    {"--pp", "pp", "pipeline", "N", "pipeline parallel size: stages [1]"},
    {"--sp", "sp", "sequence", "N",
     "sequence parallel size [1]; above 1 only with --tp 1 --pp 1,\n"
     "or --convention extended"},
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
    {"--cp", "cp", "context", "N", "context parallel size [1]", megatron_core},
    {"--ep", "ep", "expert", "N", "expert parallel size [1]", megatron_core},
    {"--etp", "etp", "expert_tensor", "N", "tensor parallel size of the experts [that of --tp]",
     megatron_core},
    {"--order", "order", "order", "ORDER", "the axes, leftmost fastest [tp-cp-ep-dp-pp]", megatron_core},
    {"--optimizer-instances", "optimizer-instances", "optimizer_instances", "N",
     "instances of the distributed optimizer [1]", megatron_core},
    {"--hierarchical-cp", "hierarchical-cp", "hierarchical_context", "N,N",
     "sizes of the levels of context parallelism, fastest first", megatron_core},
    {"--hybrid-cp", "hybrid-cp", "hybrid_context", "", "make the hybrid data and context groups",
     megatron_core},
    {"--gtp", "gtp", "weight_remat", "N", "ranks that rematerialise weights together [1]", megatron_core},
    {"--egtp", "egtp", "expert_weight_remat", "N", "the same for the experts [1]", megatron_core},
    {"--rank-offset", "rank-offset", "rank_offset", "N", "rank of the job where the layout begins [0]",
     megatron_core},
    {"--job-size", "job-size", "job_size", "N", "ranks of the whole job [up to the end of the layout]",
     megatron_core},
    {"--embedding-stages", "embedding-stages", "embedding_stages", "N,N",
     "stages with the word embedding, -1 the last [0, split, -1]", megatron_core},
    {"--position-embedding-stages", "position-embedding-stages", "position_embedding_stages", "N,N",
     "stages with the position embedding [0, split]", megatron_core},
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

/// What `check` finds of a configuration that has a pipeline and a rule for its virtual stages, or none of
/// both.
std::vector<Violation> check_readable(const ConfigReading& reading) {
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
  return found;
}

/// Adds what `check` finds, but for fields that could not be read and rules about those.
void add_checked(ConfigReading& reading) {
  // Whose rules hold is not known then.
  if (is_reported(reading, "convention")) return;
  ParallelConfig& config = reading.config;
  const bool is_partial = config.convention == Convention::megatron_core && !reading.violations.empty();
  const std::int64_t world_size = config.world_size;
  // Many rules there are about several sizes: without a world, only those about one are left.
  if (is_partial) config.world_size = 0;
  std::vector<Violation> found = check_readable(reading);
  config.world_size = world_size;
  std::erase_if(found, [&](const Violation& v) {
    const bool needs_context = v.field == "hierarchical_context" && is_reported(reading, "context");
    const bool needs_stages = v.field.ends_with("embedding_stages") && is_reported(reading, "pipeline");
    return is_reported(reading, v.field) || (is_partial && v.field == "world_size") || needs_context ||
           needs_stages;
  });
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
                    .group = row.heading};
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
  if (reading.config.convention == Convention::mesh) {
    add_violation(reading, "convention", "mesh", "has a command of its own: rankmesh mesh --axes tp=2,dp=4");
  }
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
