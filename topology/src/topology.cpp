#include "rankmesh/topology/topology.hpp"

#include <algorithm>

#include "conventions/kind_table.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/kind_names.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

/// The normal form of a valid configuration, in which equal layouts compare equal: the order in lower case,
/// and sizes of -1 replaced by the sizes that they stand for.
ParallelConfig normalised(ParallelConfig config) {
  if (auto diagnostics = check(config); !diagnostics.empty()) throw ConfigError(std::move(diagnostics));
  config.order = lower_case(config.order);
  for (std::vector<Axis>& axes : config.meshes) axes = fill_in(std::move(axes), config.world_size);
  return config;
}

PipelineOptions pipeline_options(const ParallelConfig& config) {
  PipelineOptions options{.virtual_stages = std::nullopt, .split_stage = config.split_rank};
  if (config.virtual_pipeline) options.virtual_stages = static_cast<int>(*config.virtual_pipeline);
  return options;
}

/// The groups along the axis `pp`; groups of one if the mesh has no such axis.
GroupFamily pipeline_groups(const Mesh& mesh, const ParallelConfig& config) {
  std::vector<std::string_view> varying;
  if (mesh.find("pp")) varying.emplace_back("pp");
  return placed(mesh.family(varying), config);
}

}  // namespace

Topology::Topology(const ParallelConfig& config) : config_(normalised(config)), pipeline_({}, {}) {
  KindTable table = kind_table(config_);
  meshes_ = std::move(table.meshes);
  kinds_ = std::move(table.kinds);
  pipeline_ = Pipeline(pipeline_groups(mesh(), config_), pipeline_options(config_));
}

const GroupFamily* Topology::find(GroupKind kind) const& noexcept {
  const KindFamily* found = find_kind(kind);
  return found == nullptr ? nullptr : &found->family;
}

const KindFamily* Topology::find_kind(GroupKind kind) const& noexcept {
  const auto first = [&](auto matches) -> const KindFamily* {
    const auto found = std::find_if(kinds_.begin(), kinds_.end(), matches);
    return found == kinds_.end() ? nullptr : &*found;
  };
  if (const auto* found = first([&](const KindFamily& k) { return k.kind == kind; })) return found;
  if (const auto* found = first([&](const KindFamily& k) { return k.short_name == kind; })) return found;
  if (config_.convention != Convention::megatron_core) return nullptr;
  const GroupKind long_name = long_name_of(kind);
  const std::string_view other = alias_of(long_name.name());
  return first([&](const KindFamily& k) { return k.kind.name() == other; });
}

const GroupFamily& Topology::family(GroupKind kind) const& {
  if (const GroupFamily* found = find(kind)) return *found;
  const std::string known = joined(kinds_, ", ", [](const KindFamily& k) { return k.kind.name(); });
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
  const auto warn_of_stages = [&](std::string_view field, const std::vector<std::int64_t>& stages) {
    const auto is_other = [](std::int64_t stage) { return stage != 0 && stage != -1; };
    const auto stage = std::find_if(stages.begin(), stages.end(), is_other);
    if (config.pipeline > 1 || stage == stages.end()) return;
    result.push_back(std::string(field) + " has stage " + std::to_string(*stage) +
                     ", but with pipeline = 1 there is only stage 0, which is taken instead");
  };
  warn_of_stages("embedding_stages", config.embedding_stages);
  warn_of_stages("position_embedding_stages", config.position_embedding_stages);
  const std::vector<std::string_view> axes = split_text(config.order, '-');
  if (config.convention == Convention::megatron_core &&
      std::find(axes.begin(), axes.end(), "tp") == axes.end()) {
    result.push_back("order = " + config.order +
                     " lacks tp, and Megatron-Core 0.19 fails without it although tensor = 1; tp-" +
                     config.order + " gives the same groups");
  }
  return result;
}

}  // namespace rankmesh
