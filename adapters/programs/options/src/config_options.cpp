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

ConfigOptions::ConfigOptions(CLI::App& app, std::string_view world_size_note)
    : layout_(add_value(
          app, {.name = "--layout",
                .value_name = "FILE",
                .description = "a file in TOML with the layout (docs/files.md); options come before\n"
                               "what it says",
                .group = layout})) {
  const std::vector<FieldDescription> fields = describe_fields();
  for (const Row& row : rows) {
    OptionText text{.name = std::string(row.option),
                    .value_name = std::string(row.value_name),
                    .description = std::string(row.description),
                    .group = row.heading};
    for (const FieldDescription& field : fields) {
      if (field.field == row.field) text.choices.assign(field.choices.begin(), field.choices.end());
    }
    // That one has a command of its own.
    std::erase(text.choices, "mesh");
    if (&row == &rows[0]) text.description += " [" + std::string(world_size_note) + "]";
    options_.push_back(row.value_name.empty() ? add_switch(app, text) : add_value(app, text));
  }
}

OptionReading ConfigOptions::read(std::optional<std::int64_t> default_world_size) const {
  std::vector<GivenValue> given;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (const std::string& word : options_[i]->results()) {
      given.push_back({std::string(rows[i].field), word.empty() ? std::nullopt : std::optional(word)});
    }
  }
  Problems problems;
  const auto path = value_of(*layout_, problems);
  files::LayoutFile file;
  if (path) file = files::parse_layout_file(*path);
  // What the file would say is not known then.
  for (const std::string& problem : problems) file.problems.push_back({.diagnostic = {.rule = problem}});
  std::vector<Diagnostic> known;
  if (!path && options_[1]->results() == std::vector<std::string>{"mesh"}) {
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
