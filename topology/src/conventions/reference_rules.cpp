#include <string>
#include <vector>

#include "config/rules.hpp"

namespace rankmesh {
namespace {

/// Advice on too few stages: a pipeline size that would do, if every size is known that limits the choice.
std::string virtual_pipeline_remedy(const RuleSet& rules, std::span<const Size> sizes, bool strict) {
  const ParallelConfig& config = rules.config;
  const std::int64_t too_few = strict ? 2 : 1;
  std::string remedy = "; leave it out";
  rules.apply({"world_size", "tensor", "pipeline", "sequence"}, [&] {
    const bool allows_stages = config.sequence <= 1 || config.convention == Convention::extended;
    if (!is_world_size(config.world_size) || !allows_stages) return;
    const std::int64_t room =
        room_for({"pipeline", config.pipeline}, sizes, config.world_size).value_or(config.world_size);
    const Values larger = nearest_divisors(room, too_few);
    if (!larger.empty() && larger.back() > too_few) {
      remedy += ", or take pipeline = " + std::to_string(larger.back());
    }
  });
  if (strict && config.pipeline == 2) {
    remedy += ", or the rule of Megatron-Core, which asks for more than one";
  }
  return remedy;
}

}  // namespace

void check_reference(const RuleSet& rules) {
  const ParallelConfig& config = rules.config;
  const std::vector<Size> sizes = rules.readable(
      {{"tensor", config.tensor}, {"pipeline", config.pipeline}, {"sequence", config.sequence}});
  check_world_size(rules, sizes);
  check_lower_bounds(rules, sizes);
  check_divides(rules, sizes);
  rules.apply({"tensor", "pipeline", "sequence"}, [&] {
    if (config.convention == Convention::extended || config.sequence <= 1) return;
    if (config.tensor == 1 && config.pipeline == 1) return;
    rules.diagnostics.add("sequence", config.sequence,
                          "needs tensor = 1 and pipeline = 1, but tensor = " + std::to_string(config.tensor) +
                              ", pipeline = " + std::to_string(config.pipeline) +
                              "; the convention extended allows all three",
                          {1});
  });
  const bool strict = config.virtual_pipeline_rule == VirtualPipelineRule::reference;
  check_virtual_pipeline(rules, strict ? 3 : 2,
                         [&] { return virtual_pipeline_remedy(rules, sizes, strict); });
  check_split_rank(rules);
}

}  // namespace rankmesh
