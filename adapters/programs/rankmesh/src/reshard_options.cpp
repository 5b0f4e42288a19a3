#include "reshard_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "common_options.hpp"
#include "dialects.hpp"
#include "rankmesh/files/model.hpp"
#include "rankmesh/files/shown_text.hpp"
#include "rankmesh/options/config_options.hpp"
#include "rankmesh/options/layout_text.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

constexpr std::int64_t most_width = 1 << 22;
constexpr std::int64_t most_count = 1 << 14;

OptionSpec argument(std::string name, std::string description) {
  return {.name = std::move(name),
          .description = std::move(description),
          .heading = "Arguments",
          .is_required = true};
}

OptionSpec number(std::string name, std::string description, std::string default_value = "") {
  return {.name = std::move(name),
          .value_name = "N",
          .description = std::move(description),
          .heading = "State",
          .default_value = std::move(default_value)};
}

OptionSpec stages(std::string name, const char* argument) {
  return {.name = std::move(name),
          .value_name = "TEXT",
          .description = fmt::format("the layers of {}, as Megatron-Core's layout string", argument),
          .heading = "State",
          .default_value = "equally many in each chunk"};
}

/// `, for example 'Et|ttL'`: the layers as evenly as possible; nothing if there are too few.
std::string balanced_text(PipelineSplit split, const PipelineStages& stages) {
  split.costs = SplitCosts();
  try {
    const std::string text = PipelineLayout(split, stages).to_string();
    return text.empty() ? "" : ", for example '" + text + "'";
  } catch (const ConfigError&) {
    return "";
  }
}

/// The stages that a layout divides the layers over.
int stages_of(const Topology& topology) {
  return topology.mesh().find("pp") ? topology.mesh().size("pp") : 1;
}

/// `to mlp units = 8 ...` as `TO: mlp units = 8 ...`
std::string in_words_of_command(Diagnostic diagnostic) {
  diagnostic.rule.rename("copy_axes", "--copy-axes");
  const std::string text = diagnostic.text();
  constexpr std::array<std::array<std::string_view, 2>, 2> layouts{{{"from ", "FROM"}, {"to ", "TO"}}};
  for (const auto& [prefix, argument] : layouts) {
    if (text.starts_with(prefix)) return std::string(argument) + ": " + text.substr(prefix.size());
  }
  // Lost ranks of options were checked before.
  const bool is_of_file = diagnostic.field == "lost" || diagnostic.field == "old_rank_of_rank";
  return is_of_file ? "--survivors: " + text : text;
}

void add_diagnostics(const std::string& name, std::span<const Diagnostic> diagnostics, Problems& problems) {
  for (const Diagnostic& diagnostic : diagnostics) problems.push_back(name + ": " + diagnostic.text());
}

/// Reports copy axes that no layout has.
void check_copy_axes(const StateOptions& options, std::array<const Topology*, 2> layouts,
                     Problems& problems) {
  for (const std::string& axis : options.copy_axes) {
    const auto has = [&](const Topology* layout) {
      return !options_for(*layout, {.copy_axes = {axis}}).copy_axes.empty();
    };
    if (std::none_of(layouts.begin(), layouts.end(), has)) {
      problems.push_back("--copy-axes: " + files::in_quotes(axis) +
                         " is no axis of a mesh of your own, neither of FROM nor of TO");
    }
  }
}

}  // namespace

ReshardArguments::ReshardArguments(Command& command)
    : from_(command.add(argument("FROM", "the layout that the job has"))),
      to_(command.add(argument("TO", "the layout that it gets"))),
      world_size_(add_world_size(command)),
      model_(command.add({.name = "--model",
                          .value_name = "FILE",
                          .description = "config.json of the model, or TOML (docs/planner.md)",
                          .heading = "State",
                          .takes_file = true})),
      layers_(command.add(number("--layers", "without --model: layers of a plain transformer"))),
      hidden_(command.add(number("--hidden", "its width"))),
      heads_(command.add(number("--heads", "its query heads", "attention is divided like columns"))),
      kv_heads_(command.add(number("--kv-heads", "its heads of keys and values", "as many as query heads"))),
      ffn_(command.add(number("--ffn", "inner width of its MLP", "4 times the width"))),
      vocabulary_(command.add(number("--vocab", "entries of its vocabulary", "no embedding, no output"))),
      experts_(command.add(number("--experts", "experts in the place of each MLP", "none"))),
      expert_ffn_(command.add(number("--expert-ffn", "inner width of an expert", "that of an MLP"))),
      state_(command, true, "State"),
      weight_bytes_(command.add(number("--weight-bytes", "bytes of a weight", "2"))),
      optimizer_bytes_(command.add(number("--optimizer-bytes", "bytes of the optimizer for a weight", "12"))),
      vocabulary_multiple_(command.add(number("--make-vocab-size-divisible-by",
                                              "the padded vocabulary is a multiple of N times tp", "128"))),
      from_stages_(command.add(stages("--from-pipeline-layout", "FROM"))),
      to_stages_(command.add(stages("--to-pipeline-layout", "TO"))),
      loss_(command, "FROM", "Processes"),
      survivors_(command.add(
          {.name = "--survivors",
           .value_name = "FILE",
           .description =
               "which process takes which rank of TO: JSON with old_rank_of_rank, and perhaps lost",
           .heading = "Processes",
           .default_value = "ranks stay",
           .takes_file = true})),
      cluster_(
          command.add({.name = "--cluster",
                       .value_name = "CLUSTER",
                       .description = "take state from the nearest, and sum by level: a file, a text such as "
                                      "\"rack:8 node:18 gpu:4\", or a hostlist",
                       .takes_file = true})),
      placement_(add_placement(command)),
      gpus_per_node_(add_gpus_per_node(command, "the slots of each host for which the cluster gives none")) {}

planner::ModelConfig ReshardArguments::read_sizes(Problems& problems) const {
  const auto size = [&](const Option& option, std::int64_t most) {
    return number_of(option, {.min = 1, .max = most}, problems);
  };
  planner::ModelConfig model;
  model.layers = size(layers_, most_count).value_or(0);
  model.hidden = size(hidden_, most_width).value_or(0);
  for (const Option* option : {&layers_, &hidden_}) {
    if (option->count() == 0) problems.push_back(option->name() + " is missing; give it, or --model");
  }
  model.heads = size(heads_, most_count).value_or(model.hidden);
  model.kv_heads = size(kv_heads_, most_count).value_or(model.heads);
  if (model.heads > 0 && model.hidden % model.heads != 0) {
    problems.push_back(fmt::format("--heads: {} does not divide --hidden {}", model.heads, model.hidden));
  }
  if (model.heads > 0 && model.kv_heads > 0 && model.heads % model.kv_heads != 0)
    problems.push_back(
        fmt::format("--kv-heads: {} does not divide the {} heads", model.kv_heads, model.heads));
  model.head_dim = model.heads > 0 ? model.hidden / model.heads : 0;
  model.ffn = size(ffn_, most_width).value_or(4 * model.hidden);
  model.vocabulary = size(vocabulary_, std::int64_t{1} << 26).value_or(0);
  model.experts = size(experts_, most_count).value_or(0);
  const auto expert_ffn = size(expert_ffn_, most_width);
  if (expert_ffn && model.experts == 0) problems.emplace_back("--expert-ffn needs --experts");
  if (model.experts > 0) model.expert_ffn = expert_ffn.value_or(model.ffn);
  model.gated = false;
  return model;
}

planner::ModelConfig ReshardArguments::read_model(std::vector<std::string>& warnings,
                                                  Problems& problems) const {
  const auto path = value_of(model_, problems);
  if (model_.count() == 0) return read_sizes(problems);
  for (const Option* option :
       {&layers_, &hidden_, &heads_, &kv_heads_, &ffn_, &vocabulary_, &experts_, &expert_ffn_}) {
    if (option->count() > 0) problems.push_back(option->name() + ": --model says it already; leave one out");
  }
  if (!path) return {};
  files::ModelReading reading = files::parse_model_file(*path);
  for (const Diagnostic& diagnostic : reading.diagnostics) problems.push_back(diagnostic.message());
  warnings = std::move(reading.notes);
  return reading.model;
}

std::optional<ParallelConfig> ReshardArguments::read_config(const Option& argument,
                                                            std::optional<std::int64_t> world_size,
                                                            Problems& problems) {
  const auto text = value_of(argument, problems);
  if (!text) return std::nullopt;
  const auto parsed = parse_layout_text(argument.name(), *text, problems);
  return parsed ? read_layout_text(argument.name(), *parsed, world_size, problems) : std::nullopt;
}

std::optional<StateLayout> ReshardArguments::divide_layers(const ParallelConfig& config,
                                                           const std::string& argument,
                                                           const Option& pipeline_layout,
                                                           const planner::ModelConfig& model,
                                                           Problems& problems) {
  const auto given = value_of(pipeline_layout, problems);
  const Topology topology(config);
  const PipelineStages stages{.stages = stages_of(topology), .virtual_stages = config.virtual_pipeline};
  PipelineSplit split{.layers = model.layers};
  if (model.mtp_layers > 0) split.mtp_layers = model.mtp_layers;
  try {
    if (!given) return StateLayout{topology, PipelineLayout(split, stages)};
    // The string says how many chunks there are.
    PipelineLayout layers = PipelineLayout::parse(*given, stages.stages);
    if (layers.layers() == model.layers && layers.mtp_layers() == model.mtp_layers)
      return StateLayout{topology, std::move(layers)};
    problems.push_back(fmt::format("{}: has {} and {} MTP layers, the model {} and {}",
                                   pipeline_layout.name(), counted(layers.layers(), "layer"),
                                   layers.mtp_layers(), model.layers, model.mtp_layers));
  } catch (const ConfigError& error) {
    if (given) {
      add_diagnostics(pipeline_layout.name(), error.diagnostics(), problems);
      return std::nullopt;
    }
    const auto chunks =
        config.virtual_pipeline ? " of " + counted(*config.virtual_pipeline, "chunk") + " each" : "";
    problems.push_back(fmt::format("{}: {} cannot be divided equally over {}{}; say with {} where they are{}",
                                   argument, counted(model.layers, "layer"), counted(stages.stages, "stage"),
                                   chunks, pipeline_layout.name(), balanced_text(split, stages)));
  }
  return std::nullopt;
}

std::optional<ReshardJob> ReshardArguments::read(Problems& problems) const {
  std::vector<std::string> warnings;
  const planner::ModelConfig model = read_model(warnings, problems);
  planner::StateSizes sizes;
  constexpr NumberRange bytes{.min = 1, .max = 1024};
  if (const auto given = number_of(weight_bytes_, bytes, problems)) sizes.weight_bytes = *given;
  if (const auto given = number_of(optimizer_bytes_, bytes, problems)) sizes.optimizer_bytes = *given;
  if (const auto given = number_of(vocabulary_multiple_, {.min = 1, .max = 1 << 20}, problems))
    sizes.vocabulary_multiple = *given;
  StateArguments::Given state = state_.read(problems);
  if (state.omits_optimizer) sizes.optimizer_bytes = 0;
  const bool has_layers = model.layers > 0;
  const auto world_size = number_of(world_size_, {.min = 1}, problems);
  const auto old_config = read_config(from_, world_size, problems);
  const auto new_config = read_config(to_, world_size, problems);
  std::optional<StateLayout> from;
  std::optional<StateLayout> to;
  if (has_layers && old_config) from = divide_layers(*old_config, "FROM", from_stages_, model, problems);
  if (has_layers && new_config) to = divide_layers(*new_config, "TO", to_stages_, model, problems);
  ReshardOptions options;
  std::optional<int> old_world;
  int processes = 0;
  std::optional<bool> is_distributed;
  if (old_config) old_world = Topology(*old_config).world_size();
  if (old_config && new_config) {
    const int new_world = Topology(*new_config).world_size();
    is_distributed = read_processes(*old_world, new_world, options, problems);
    processes = std::max(*old_world, new_world);
    for (const int process : options.old_rank_of_rank) processes = std::max(processes, process + 1);
  }
  const auto where = read_places(old_world, processes, problems);
  if (loss_.needs_hosts() && cluster_.count() + gpus_per_node_.count() == 0)
    problems.emplace_back("--lost-nodes needs --cluster, or --gpus-per-node");
  const GivenLoss loss = loss_.read(old_world, where, problems);
  options.lost.insert(options.lost.end(), loss.ranks.begin(), loss.ranks.end());
  if (!from || !to) return std::nullopt;
  if (where) options.places = place_joining(*where, *old_world, processes, problems);
  if (!state.options.distributed_optimizer) state.options.distributed_optimizer = is_distributed;
  check_copy_axes(state.options, {&from->topology, &to->topology}, problems);
  for (StateLayout* layout : {&*from, &*to}) layout->state = options_for(layout->topology, state.options);
  ReshardJob job{*std::move(from), *std::move(to), planner::state_classes(model, sizes), std::move(options),
                 std::move(warnings)};
  for (const Diagnostic& diagnostic : check_reshard(job.from, job.to, job.classes, job.options))
    problems.push_back(in_words_of_command(diagnostic));
  return problems.empty() ? std::optional(std::move(job)) : std::nullopt;
}

}  // namespace rankmesh::cli
