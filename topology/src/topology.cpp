#include "rankmesh/topology/topology.hpp"

#include <algorithm>

#include "kind_table.hpp"
#include "rankmesh/topology/error.hpp"

namespace rankmesh {
namespace {

const ParallelConfig& require_valid(const ParallelConfig& config) {
  if (auto violations = check(config); !violations.empty()) throw ConfigError(std::move(violations));
  return config;
}

PipelineOptions pipeline_options(const ParallelConfig& config) {
  PipelineOptions options{.virtual_stages = std::nullopt, .split_stage = config.split_rank};
  if (config.virtual_pipeline) options.virtual_stages = static_cast<int>(*config.virtual_pipeline);
  return options;
}

}  // namespace

Topology::Topology(const ParallelConfig& config)
    : config_(require_valid(config)),
      meshes_(reference_meshes(config)),
      kinds_(reference_kinds(config, meshes_)),
      pipeline_(family(GroupKind::pipeline), pipeline_options(config)) {}

const GroupFamily* Topology::find(GroupKind kind) const noexcept {
  const auto found =
      std::find_if(kinds_.begin(), kinds_.end(), [&](const KindFamily& k) { return k.kind == kind; });
  return found == kinds_.end() ? nullptr : &found->family;
}

const GroupFamily& Topology::family(GroupKind kind) const {
  if (const GroupFamily* found = find(kind)) return *found;
  std::string known;
  for (const KindFamily& k : kinds_) known += (known.empty() ? "" : ", ") + std::string(k.kind.name());
  throw RangeError("this topology has no groups of kind " + std::string(kind.name()) + "; it has " + known);
}

RankList Topology::group_of(GroupKind kind, int rank) const& {
  const GroupFamily& groups = family(kind);
  if (const auto place = groups.locate(rank)) return groups.group(place->group);
  throw RangeError("rank " + std::to_string(rank) + " is in no " + std::string(kind.name()) +
                   " group of a world of " + std::to_string(world_size()));
}

std::vector<std::string> warnings(const Topology& topology) {
  const ParallelConfig& config = topology.config();
  std::vector<std::string> result;
  if (config.fp8 && config.sequence > 1 && config.amax_rule == AmaxRule::reference_blocks) {
    result.push_back(
        "amax groups are blocks of consecutive ranks, as in the reference, and with sequence = " +
        std::to_string(config.sequence) +
        " match no group that shares weights; the amax rule data_tensor_product makes them the product of "
        "the "
        "data, tensor and sequence groups");
  }
  if (config.split_rank && config.pipeline == 1) {
    result.push_back("split_rank = " + std::to_string(*config.split_rank) +
                     " has no effect with pipeline = 1, as in the reference");
  }
  return result;
}

}  // namespace rankmesh
