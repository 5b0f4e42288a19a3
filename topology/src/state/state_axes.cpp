#include "state/state_axes.hpp"

#include <algorithm>
#include <array>

#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

struct NamedRole {
  std::string_view name;
  AxisRole dense;
  AxisRole experts;
};

using enum AxisRole;
constexpr std::array<NamedRole, 12> named_roles{{{"dp", copy, copy},
                                                 {"dp_replicate", copy, copy},
                                                 {"cp", copy, copy},
                                                 {"sp", copy, copy},
                                                 {"edp", copy, copy},
                                                 {"tp", tensor, tensor},
                                                 {"pp", stage, stage},
                                                 {"ep", copy, expert},
                                                 {"etp", other, tensor},
                                                 {"gtp", other, other},
                                                 {"egtp", other, other},
                                                 {"dp_shard", other, other}}};

/// The role that an axis has by its name; nothing for other names.
std::optional<AxisRole> role_by_name(const Mesh& mesh, std::string_view axis, bool for_experts) {
  const auto named = std::find_if(named_roles.begin(), named_roles.end(),
                                  [&](const NamedRole& role) { return role.name == axis; });
  if (named == named_roles.end()) return std::nullopt;
  // Of two axes that could divide the tensors of experts, etp does.
  if (axis == "tp" && for_experts && mesh.find("etp")) return other;
  if (axis == "cp" && mesh.find("dp_shard")) return other;
  return for_experts ? named->experts : named->dense;
}

/// The mesh of the experts; null if their weights are divided like the dense ones.
const Mesh* expert_mesh(const Topology& topology) noexcept {
  const Convention convention = topology.config().convention;
  if (convention != Convention::mesh && convention != Convention::megatron_core) return nullptr;
  for (const Mesh& mesh : topology.meshes()) {
    if (mesh.find("ep") || mesh.find("etp")) return &mesh;
  }
  return nullptr;
}

const Mesh& mesh_of(const Topology& topology, bool for_experts) {
  const Mesh* experts = for_experts ? expert_mesh(topology) : nullptr;
  return experts == nullptr ? topology.mesh() : *experts;
}

/// The axes of all meshes, each once.
std::vector<std::string> axis_names(const Topology& topology) {
  std::vector<std::string> names;
  for (const Mesh& mesh : topology.meshes()) {
    for (const Axis& axis : mesh.axes()) {
      if (std::find(names.begin(), names.end(), axis.name) == names.end()) names.push_back(axis.name);
    }
  }
  return names;
}

void check_copy_axes(const Topology& topology, const StateOptions& options, Diagnostics& found) {
  for (const std::string& name : options.copy_axes) {
    const auto is_on = [&](const Mesh& mesh) { return mesh.find(name).has_value(); };
    if (topology.config().convention != Convention::mesh) {
      found.add("copy_axes", name, "is for meshes of one's own; leave it out, since this layout has none");
    } else if (std::none_of(topology.meshes().begin(), topology.meshes().end(), is_on)) {
      found.add("copy_axes", name, "is no axis of this layout; it has " + joined(axis_names(topology), ", "));
    }
  }
}

Phrase unknown_axis() {
  std::vector<std::string_view> names;
  for (const NamedRole& role : named_roles) names.push_back(role.name);
  return "does not say whether its ranks hold the same weights; the known axes are " + joined(names, ", ") +
         "; for others, name in " + Phrase::field("copy_axes") + " all axes along which weights are repeated";
}

}  // namespace

StateAxes::StateAxes(const Topology& topology, bool for_experts, const StateOptions& options,
                     Diagnostics& found)
    : mesh_(mesh_of(topology, for_experts)),
      first_rank_(topology.first_rank()),
      world_size_(topology.world_size()) {
  check_copy_axes(topology, options, found);
  for (const Axis& axis : mesh_.axes()) {
    const auto role = role_by_name(mesh_, axis.name, for_experts);
    const auto& copies = options.copy_axes;
    if (copies.empty()) {
      if (!role && axis.size > 1) found.add("axis", axis.name, unknown_axis());
      roles_.push_back(role.value_or(unknown));
    } else if (std::find(copies.begin(), copies.end(), axis.name) != copies.end()) {
      roles_.push_back(copy);
    } else {
      roles_.push_back(role && *role != copy ? *role : other);
    }
  }
}

bool StateAxes::has_experts(const Topology& topology) noexcept {
  return expert_mesh(topology) != nullptr;
}

std::vector<std::string_view> StateAxes::with(AxisRole role) const {
  std::vector<std::string_view> axes;
  for (std::size_t i = 0; i < roles_.size(); ++i) {
    if (roles_[i] == role) axes.push_back(mesh_.axes()[i].name);
  }
  return axes;
}

int StateAxes::parts(AxisRole role) const {
  int parts = 1;
  for (const std::string_view axis : with(role)) parts *= mesh_.size(axis);
  return parts;
}

int StateAxes::part_of(int rank, AxisRole role) const {
  const auto axes = with(role);
  return axes.empty() ? 0 : mesh_.coordinate(rank - first_rank_, axes.front());
}

GroupFamily StateAxes::copies() const {
  return mesh_.family(with(copy)).placed(first_rank_, world_size_);
}

}  // namespace rankmesh
