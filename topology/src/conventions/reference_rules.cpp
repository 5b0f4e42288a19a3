#include <array>
#include <string>

#include "config/rules.hpp"

namespace rankmesh {
namespace {

/// The pipeline sizes that would do for virtual stages: the field to change is another one.
std::string virtual_pipeline_remedy(const ParallelConfig& config, std::span<const Size> sizes, bool strict) {
  std::string remedy = "; leave it out";
  if (config.world_size >= 1 && config.world_size <= max_world_size) {
    const Values larger = nearest_divisors(
        room_for(sizes[1], sizes, config.world_size).value_or(config.world_size), strict ? 2 : 1);
    const bool room_for_stages = config.sequence <= 1 || config.convention == Convention::extended;
    if (!larger.empty() && larger.back() > (strict ? 2 : 1) && room_for_stages) {
      remedy += ", or take pipeline = " + std::to_string(larger.back());
    }
  }
  if (strict && config.pipeline == 2) {
    remedy += ", or the rule of Megatron-Core, which asks for more than one";
  }
  return remedy;
}

}  // namespace

void check_reference(const ParallelConfig& config, Diagnostics& diagnostics) {
  const std::array<Size, 3> sizes{
      Size{"tensor", config.tensor}, {"pipeline", config.pipeline}, {"sequence", config.sequence}};
  const bool world_is_valid = check_world_size(config.world_size, sizes, diagnostics);
  check_lower_bounds(sizes, diagnostics);
  if (world_is_valid) check_divides(sizes, config.world_size, diagnostics);
  if (config.convention == Convention::reference && config.sequence > 1 &&
      (config.tensor != 1 || config.pipeline != 1)) {
    diagnostics.add("sequence", config.sequence,
                    "needs tensor = 1 and pipeline = 1, but tensor = " + std::to_string(config.tensor) +
                        ", pipeline = " + std::to_string(config.pipeline) +
                        "; the convention extended allows all three",
                    {1});
  }
  const bool strict = config.virtual_pipeline_rule == VirtualPipelineRule::reference;
  const auto remedy = [&] { return virtual_pipeline_remedy(config, sizes, strict); };
  check_virtual_pipeline(config, strict ? 3 : 2, remedy, diagnostics);
  check_split_rank(config, diagnostics);
}

}  // namespace rankmesh
