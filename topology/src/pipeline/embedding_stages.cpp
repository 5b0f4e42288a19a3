#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "conventions/megatron_core_mesh.hpp"
#include "rankmesh/topology/pipeline_layout.hpp"
#include "rankmesh/topology/text.hpp"
#include "rankmesh/topology/topology.hpp"

namespace rankmesh {
namespace {

using Stages = std::vector<std::int64_t>;

/// The stages in ascending order, each once, with that of the split.
Stages with_split(Stages stages, const ParallelConfig& config) {
  if (config.split_rank && config.pipeline > 1) stages.push_back(*config.split_rank);
  std::sort(stages.begin(), stages.end());
  stages.erase(std::unique(stages.begin(), stages.end()), stages.end());
  return stages;
}

/// Puts the stages of a layout into a field of the configuration, unless it stands for them already.
void set_stages(std::string_view field, Stages ParallelConfig::*member, const Stages& by_default,
                const Stages& wanted, ParallelConfig& config, Diagnostics& found) {
  Stages& stages = config.*member;
  if (!stages.empty()) {
    Stages given;
    for (const int place : megatron_core::places_of(stages, config.pipeline)) given.push_back(place);
    std::sort(given.begin(), given.end());
    if (given == wanted) return;
    found.add(field, joined(stages, ","),
              "are not the stages of the pipeline layout: leave them out, or take " + joined(wanted, ","));
    return;
  }
  if (wanted == by_default) return;
  if (config.convention == Convention::megatron_core) {
    stages = wanted;
    return;
  }
  found.add(field, joined(wanted, ","),
            "follow from the pipeline layout, but only the convention megatron-core can have them");
}

void take_virtual_stages(const PipelineLayout& layout, ParallelConfig& config, Diagnostics& found) {
  const std::int64_t count = layout.virtual_stages();
  if (config.virtual_pipeline.value_or(count) != count) {
    found.add("virtual_pipeline", *config.virtual_pipeline,
              "is not the " + std::to_string(count) + " of the pipeline layout");
  } else if (count > 1) {
    config.virtual_pipeline = count;
  }
}

}  // namespace

ParallelConfig with_pipeline_layout(ParallelConfig config, const PipelineLayout& layout, bool tied) {
  Diagnostics found;
  if (config.convention == Convention::mesh) {
    const Topology topology(config);
    const int stages = topology.pipeline().stages();
    if (stages != layout.stages())
      found.add("pipeline", stages,
                "is not the " + std::to_string(layout.stages()) + " of the pipeline layout");
  } else {
    if (config.pipeline != layout.stages())
      found.add("pipeline", config.pipeline,
                "is not the " + std::to_string(layout.stages()) + " of the pipeline layout");
    take_virtual_stages(layout, config, found);
    const Stages ends = with_split({0, config.pipeline - 1}, config);
    if (found.empty()) {
      set_stages("embedding_stages", &ParallelConfig::embedding_stages, ends,
                 with_split(layout.embedding_stages(tied), config), config, found);
      set_stages("position_embedding_stages", &ParallelConfig::position_embedding_stages,
                 with_split({0}, config), with_split(layout.position_embedding_stages(), config), config,
                 found);
    }
  }
  std::vector<Diagnostic> diagnostics = found.take();
  if (diagnostics.empty()) diagnostics = check(config);
  if (!diagnostics.empty()) throw ConfigError(std::move(diagnostics));
  return config;
}

Topology::Topology(const ParallelConfig& config, const PipelineLayout& layout)
    : Topology(with_pipeline_layout(config, layout)) {}

}  // namespace rankmesh
