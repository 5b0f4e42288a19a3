#include "rankmesh/options/split_options.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

constexpr const char* layers_heading = "Layers of the model (docs/pipelines.md)";

/// `--first-stage-layers` for `first_stage_layers`, `--tp` for `tensor`.
std::string option_of(std::string_view field) {
  if (field == "costs") return "--balance";
  if (const std::string option = option_of_field(field); !option.empty()) return option;
  std::string name = "--" + std::string(field);
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

/// The diagnostic in the words of the command line.
Diagnostic renamed(Diagnostic diagnostic) {
  for (const char* field : {"first_stage_layers", "last_stage_layers", "account_for_embedding",
                            "account_for_loss", "costs", "pipeline_layout"}) {
    diagnostic.rule.rename(field, option_of(field));
  }
  return diagnostic;
}

}  // namespace

SplitOptions::SplitOptions(Command& command)
    : layers_(command.add({.name = "--layers",
                           .value_name = "N",
                           .description = "layers of the model: also show which of them the stages hold",
                           .heading = layers_heading})),
      mtp_layers_(command.add({.name = "--mtp-layers",
                               .value_name = "N",
                               .description = "layers for multi-token prediction, on the last stage",
                               .heading = layers_heading})),
      first_(command.add({.name = "--first-stage-layers",
                          .value_name = "N",
                          .description = "layers of the first stage; the other stages share the rest equally",
                          .heading = layers_heading})),
      last_(command.add({.name = "--last-stage-layers",
                         .value_name = "N",
                         .description = "layers of the last stage",
                         .heading = layers_heading})),
      embedding_(command.add({.name = "--account-for-embedding",
                              .description = "the embedding counts as a layer of the first stage",
                              .heading = layers_heading})),
      loss_(command.add({.name = "--account-for-loss",
                         .description = "the loss counts as a layer of the last stage",
                         .heading = layers_heading})),
      balance_(command.add(
          {.name = "--balance",
           .value_name = "NAME=N,...",
           .description = "balanced by cost: layer=2,embedding=1,loss=3,mtp=2 in any unit",
           .details = "What is left out costs 1 (layer) or 0. --balance layer=1 spreads the layers evenly.",
           .heading = layers_heading})),
      layout_(command.add({.name = "--pipeline-layout",
                           .value_name = "TEXT",
                           .description = "the layout string of Megatron-Core: 'Et*3|(tt|)*29,m|L'",
                           .heading = layers_heading})),
      untied_(command.add({.name = "--untied-embeddings",
                           .description = "the output layer has weights of its own: the last stage is in no "
                                          "embedding group",
                           .heading = layers_heading})) {}

const Option* SplitOptions::first_other() const {
  for (const Option* option : {&mtp_layers_, &first_, &last_, &embedding_, &loss_, &balance_, &untied_}) {
    if (option->count() > 0) return option;
  }
  return nullptr;
}

std::optional<SplitCosts> SplitOptions::read_costs(Problems& problems) const {
  const auto text = value_of(balance_, problems);
  if (!text) return std::nullopt;
  SplitCosts costs;
  const std::pair<std::string_view, std::int64_t*> names[] = {
      {"layer", &costs.layer}, {"embedding", &costs.embedding}, {"loss", &costs.loss}, {"mtp", &costs.mtp}};
  for (const std::string_view part : split_text(*text, ',')) {
    const std::string_view name = part.substr(0, part.find('='));
    const auto* found =
        std::find_if(std::begin(names), std::end(names), [&](const auto& n) { return n.first == name; });
    if (found == std::end(names) || name.size() == part.size()) {
      problems.push_back("--balance: \"" + std::string(part) +
                         "\" is not layer=N, embedding=N, loss=N or mtp=N");
    } else if (const std::string rule = read_number(part.substr(name.size() + 1), *found->second);
               !rule.empty()) {
      problems.push_back("--balance: " + std::string(part) + " " + rule);
    }
  }
  return costs;
}

PipelineSplit SplitOptions::read_split(Problems& problems) const {
  return {.layers = number_of(layers_, {.min = 1}, problems),
          .mtp_layers = number_of(mtp_layers_, {.min = 0}, problems),
          .first_stage_layers = number_of(first_, {.min = 1}, problems),
          .last_stage_layers = number_of(last_, {.min = 1}, problems),
          .account_for_embedding = is_given(embedding_, problems),
          .account_for_loss = is_given(loss_, problems),
          .costs = read_costs(problems),
          .layout = value_of(layout_, problems)};
}

std::optional<LayerSplit> SplitOptions::read(Problems& problems) const {
  const LayerSplit layers{.split = read_split(problems), .is_tied = !is_given(untied_, problems)};
  if (layers_.count() > 0 || layout_.count() > 0) return layers;
  const Option* other = first_other();
  if (other != nullptr && !layers_.is_misspelt() && !layout_.is_misspelt())
    problems.push_back(other->name() + ": needs the layers of the model: give --layers N");
  return std::nullopt;
}

std::optional<PipelineLayout> SplitOptions::apply(const LayerSplit& layers, ParallelConfig& config,
                                                  std::vector<Diagnostic>& found) {
  try {
    PipelineLayout layout = make_pipeline_layout(layers.split, config);
    config = with_pipeline_layout(config, layout, layers.is_tied);
    return layout;
  } catch (const ConfigError& error) {
    for (const Diagnostic& diagnostic : error.diagnostics()) found.push_back(renamed(diagnostic));
    return std::nullopt;
  }
}

std::optional<PipelineLayout> SplitOptions::read(OptionReading& reading, Problems& problems) const {
  Problems own;
  const std::optional<LayerSplit> layers = read(own);
  // A file of another system need not say how many ranks there are.
  const bool has_ranks = !reading.launch || reading.launch->config;
  if (layers && !has_ranks) {
    own.push_back((layers_.count() > 0 ? layers_ : layout_).name() +
                  ": needs the ranks of the job: give --world-size N");
  }
  const bool is_readable = own.empty() && layers && reading.diagnostics.empty();
  problems.insert(problems.end(), own.begin(), own.end());
  if (!is_readable) return std::nullopt;
  std::vector<Diagnostic> found;
  std::optional<PipelineLayout> layout = apply(*layers, reading.config, found);
  for (const Diagnostic& diagnostic : found)
    problems.push_back(option_of(diagnostic.field) + ": " + diagnostic.message());
  return layout;
}

}  // namespace rankmesh::cli
