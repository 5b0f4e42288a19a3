#include <string>
#include <vector>

#include "config/rules.hpp"

namespace rankmesh {

void check_reference(const RuleSet& rules) {
  const ParallelConfig& config = rules.config;
  const std::vector<Size> sizes = rules.readable(
      {{"tensor", config.tensor}, {"pipeline", config.pipeline}, {"sequence", config.sequence}});
  check_world_size(rules);
  check_lower_bounds(rules, sizes);
  check_divides(rules, sizes);
  rules.apply({"tensor", "pipeline", "sequence"}, [&] {
    if (config.convention == Convention::extended || config.sequence <= 1) return;
    if (config.tensor == 1 && config.pipeline == 1) return;
    rules.diagnostics.add("sequence", config.sequence,
                          "needs " + Phrase::field("tensor", 1) + " and " + Phrase::field("pipeline", 1) +
                              ", but " + Phrase::field("tensor", config.tensor) + ", " +
                              Phrase::field("pipeline", config.pipeline));
  });
  check_virtual_pipeline(rules, config.virtual_pipeline_rule == VirtualPipelineRule::reference ? 3 : 2);
  check_split_rank(rules);
}

}  // namespace rankmesh
