#include "rankmesh/options/config_options.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "rankmesh/files/layout.hpp"
#include "rankmesh/options/options.hpp"

namespace rankmesh::cli {
namespace {

constexpr const char* layout = "Layout of the job";
constexpr const char* megatron_core = "With --convention megatron-core";

/// An option, and the field of the configuration that it gives.
struct Row {
  std::string_view option;
  std::string_view field;
  /// What stands for the value in the help text; empty for a switch.
  std::string_view value_name;
  std::string_view description;
  std::string_view default_value{};
  const char* heading = layout;
  /// The meaning of each choice of the field.
  std::array<std::string_view, 3> meanings{};
};

constexpr std::array<Row, 24> rows{{
    {"--world-size", "world_size", "N", "ranks of the job"},
    {"--convention",
     "convention",
     "NAME",
     "the groups to make, and the meaning of the sizes",
     "reference",
     layout,
     {"the nine kinds of the reference module parallel_state", "the same, and --sp also with --tp and --pp",
      "the kinds of Megatron-Core"}},
    {"--tp", "tensor", "N", "tensor parallel size", "1"},
    {"--pp", "pipeline", "N", "pipeline parallel size: the number of stages", "1"},
    {"--sp", "sequence", "N",
     "sequence parallel size; above 1 only with --tp 1 --pp 1, or with --convention extended", "1"},
    {"--vpp", "virtual_pipeline", "N", "virtual pipeline stages (model chunks) of every stage"},
    {"--split-rank", "split_rank", "N", "first decoder stage of an encoder-decoder model"},
    {"--fp8", "fp8", "", "make the amax groups"},
    {"--distributed-optimizer", "distributed_optimizer", "",
     "data groups get a second, host-side communicator"},
    {"--amax-rule",
     "amax_rule",
     "RULE",
     "the ranks that an amax group holds",
     "reference",
     layout,
     {"consecutive blocks of tensor * data ranks",
      "ranks that differ in tensor, data or sequence position (data_tensor_product)"}},
    {"--vpp-rule",
     "virtual_pipeline_rule",
     "RULE",
     "the number of stages that --vpp needs",
     "reference",
     layout,
     {"more than two", "more than one, as in Megatron-Core"}},
    {"--cp", "context", "N", "context parallel size", "1", megatron_core},
    {"--ep", "expert", "N", "expert parallel size", "1", megatron_core},
    {"--etp", "expert_tensor", "N", "tensor parallel size of the experts", "that of --tp", megatron_core},
    {"--order", "order", "ORDER", "the axes; the leftmost varies fastest", "tp-cp-ep-dp-pp", megatron_core},
    {"--optimizer-instances", "optimizer_instances", "N", "instances of the distributed optimizer", "1",
     megatron_core},
    {"--hierarchical-cp", "hierarchical_context", "N,N",
     "sizes of the levels of context parallelism, fastest first", "", megatron_core},
    {"--hybrid-cp", "hybrid_context", "", "make the hybrid data and context groups", "", megatron_core},
    {"--gtp", "weight_remat", "N", "ranks that rematerialise weights together", "1", megatron_core},
    {"--egtp", "expert_weight_remat", "N", "ranks that rematerialise weights of experts together", "1",
     megatron_core},
    {"--rank-offset", "rank_offset", "N", "first rank of the layout in the job", "0", megatron_core},
    {"--job-size", "job_size", "N", "ranks of the whole job", "up to the end of the layout", megatron_core},
    {"--embedding-stages", "embedding_stages", "N,N", "stages with the word embedding; -1 is the last stage",
     "0, split, -1", megatron_core},
    {"--position-embedding-stages", "position_embedding_stages", "N,N",
     "stages with the position embedding; -1 is the last stage", "0, split", megatron_core},
}};

/// The words that a field takes, with their meanings.
std::vector<Choice> choices_of(const Row& row, const FieldDescription& field) {
  std::vector<Choice> choices;
  for (const std::string_view word : field.choices) {
    // The convention `mesh` has a command of its own.
    if (word != "mesh") choices.emplace_back(word, row.meanings[choices.size()]);
  }
  return choices;
}

/// Whether a file gives a field, readable or not.
bool gives(const files::LayoutFile& file, std::string_view field) {
  return std::any_of(file.values.begin(), file.values.end(),
                     [&](const files::LayoutValue& v) { return v.value.field == field; }) ||
         std::any_of(file.problems.begin(), file.problems.end(),
                     [&](const files::LayoutProblem& p) { return p.diagnostic.field == field; });
}

/// With the place in the file, or with the option that a diagnostic is about.
std::string message(const Diagnostic& diagnostic, const files::LayoutFile& file) {
  if (diagnostic.field.empty() && file.source.empty()) return diagnostic.rule;
  const files::LayoutProblem in_file = file.placed(diagnostic);
  const bool is_of_file = in_file.line > 0 || diagnostic.field.empty();
  return is_of_file ? in_file.message() : option_message(diagnostic);
}

}  // namespace

ConfigOptions::ConfigOptions(Command& command, std::string_view world_size_note)
    : layout_(command.add({.name = "--layout",
                           .value_name = "FILE",
                           .description = "a layout file in TOML (docs/files.md); options override it",
                           .heading = layout,
                           .takes_file = true})) {
  const std::vector<FieldDescription> fields = describe_fields();
  for (const Row& row : rows) {
    const auto field = std::find_if(fields.begin(), fields.end(),
                                    [&](const FieldDescription& f) { return f.field == row.field; });
    const bool is_world_size = row.field == "world_size";
    options_.push_back(
        &command.add({.name = std::string(row.option),
                      .value_name = std::string(row.value_name),
                      .description = std::string(row.description),
                      .heading = row.heading,
                      .choices = choices_of(row, *field),
                      .default_value = std::string(is_world_size ? world_size_note : row.default_value)}));
  }
  command.explain_unknown("--dp", "the data parallel size is what the others leave of the world size");
}

OptionReading ConfigOptions::read(std::optional<std::int64_t> default_world_size) const {
  std::vector<GivenValue> given;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (const std::string& word : options_[i]->words()) {
      given.push_back({std::string(rows[i].field), word.empty() ? std::nullopt : std::optional(word)});
    }
  }
  Problems problems;
  const auto path = value_of(layout_, problems);
  files::LayoutFile file;
  if (path) file = files::parse_layout_file(*path);
  // What the file would say is not known then.
  for (const std::string& problem : problems) file.problems.push_back({.diagnostic = {.rule = problem}});
  std::vector<Diagnostic> known;
  if (!path && options_[1]->words() == std::vector<std::string>{"mesh"}) {
    known.push_back({"convention", "mesh", "has a command of its own: rankmesh mesh --axes tp=2,dp=4", {}});
  }
  if (default_world_size && !gives(file, "world_size") && options_[0]->count() == 0) {
    given.push_back({"world_size", std::to_string(*default_world_size)});
  }
  OptionReading reading{files::check_together(file, given, std::move(known)), {}};
  for (Diagnostic& diagnostic : reading.diagnostics) {
    if (diagnostic.rule == "is missing") diagnostic.rule += ": give --world-size N";
    reading.messages.push_back(message(diagnostic, file));
  }
  return reading;
}

std::string option_of_field(std::string_view field) {
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& r) { return r.field == field; });
  return row == rows.end() ? "" : std::string(row->option);
}

std::string option_message(const Diagnostic& diagnostic) {
  const std::string option = option_of_field(diagnostic.field);
  return option.empty() ? diagnostic.message() : option + ": " + diagnostic.message();
}

}  // namespace rankmesh::cli
