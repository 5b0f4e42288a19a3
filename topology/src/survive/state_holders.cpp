#include "rankmesh/topology/state_holders.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

constexpr std::array<std::string_view, 5> repeating{"dp", "dp_replicate", "cp", "sp", "edp"};
constexpr std::array<std::string_view, 7> dividing{"tp", "pp", "ep", "etp", "gtp", "egtp", "dp_shard"};

template <typename Names>
bool has(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The axes of a mesh of one's own along which weights are repeated.
std::vector<std::string_view> copies_on(const Mesh& mesh, bool for_experts, const StateOptions& options,
                                        Diagnostics& found) {
  std::vector<std::string_view> copies;
  for (const Axis& axis : mesh.axes()) {
    bool repeats = has(repeating, axis.name);
    if (axis.name == "cp") repeats = !mesh.find("dp_shard");
    if (axis.name == "ep") repeats = !for_experts;
    if (!options.copy_axes.empty()) {
      repeats = has(options.copy_axes, axis.name);
    } else if (axis.size > 1 && !has(repeating, axis.name) && !has(dividing, axis.name)) {
      found.add("axis", axis.name,
                "does not say whether its ranks hold the same weights; the known axes are " +
                    joined(repeating, ", ") + ", " + joined(dividing, ", ") + "; for others, name in " +
                    Phrase::field("copy_axes") + " all axes along which weights are repeated");
    }
    if (repeats) copies.push_back(axis.name);
  }
  return copies;
}

/// The mesh of the experts, if a layout has one of one's own.
const Mesh* expert_mesh(const Topology& topology) {
  for (const Mesh& mesh : topology.meshes()) {
    if (mesh.find("ep") || mesh.find("etp")) return &mesh;
  }
  return nullptr;
}

StateHolders holders_on_own_meshes(const Topology& topology, const StateOptions& options) {
  Diagnostics found;
  for (const std::string& name : options.copy_axes) {
    const auto is_on = [&](const Mesh& mesh) { return mesh.find(name).has_value(); };
    if (!std::any_of(topology.meshes().begin(), topology.meshes().end(), is_on))
      found.add("copy_axes", name, "is no axis of this layout");
  }
  const auto family_on = [&](const Mesh& mesh, bool for_experts) {
    return mesh.family(copies_on(mesh, for_experts, options, found))
        .placed(topology.first_rank(), topology.world_size());
  };
  StateHolders holders{.dense = family_on(topology.mesh(), false)};
  if (const Mesh* mesh = expert_mesh(topology)) holders.expert = family_on(*mesh, true);
  if (!found.empty()) throw ConfigError(found.take());
  return holders;
}

StateHolders weights_of(const Topology& topology, const StateOptions& options) {
  switch (topology.config().convention) {
    case Convention::megatron_core:
      return {.dense = topology.family("data_context"), .expert = topology.family("expert_data")};
    case Convention::mesh:
      return holders_on_own_meshes(topology, options);
    case Convention::reference:
    case Convention::extended:
      break;
  }
  return {.dense = topology.family(GroupKind::sequence_data)};
}

/// With a distributed optimizer, each rank has a part of its own, repeated in each optimizer instance. The
/// instances are pieces of consecutive members.
GroupFamily optimizer_of(const GroupFamily& weights, int instances) {
  const int parts = weights.group_size() / instances;
  const Digit inside[] = {{instances, parts}};
  const Digit outside[] = {{parts, 1}};
  return weights.split(Grouping(inside, outside));
}

}  // namespace

StateHolders state_holders(const Topology& topology, const StateOptions& options) {
  StateHolders holders = weights_of(topology, options);
  if (holders.expert && holders.expert->same_groups(holders.dense)) holders.expert.reset();
  const auto instances = static_cast<int>(topology.config().optimizer_instances);
  holders.distributed_optimizer =
      options.distributed_optimizer.value_or(topology.config().distributed_optimizer || instances > 1);
  const auto optimizer = [&](const GroupFamily& weights) {
    return holders.distributed_optimizer ? optimizer_of(weights, instances) : weights;
  };
  holders.dense_optimizer = optimizer(holders.dense);
  if (holders.expert) holders.expert_optimizer = optimizer(*holders.expert);
  return holders;
}

}  // namespace rankmesh
