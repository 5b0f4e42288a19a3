#include "conventions/mesh_kinds.hpp"

#include <algorithm>

#include "conventions/kind_table.hpp"

namespace rankmesh {

std::size_t mesh_of(const GroupSpec& groups, std::span<const Mesh> meshes) {
  const auto has_all = [&](const Mesh& mesh) {
    const auto has = [&](const std::string& axis) { return mesh.find(axis).has_value(); };
    return std::all_of(groups.varying.begin(), groups.varying.end(), has) &&
           std::all_of(groups.numbering.begin(), groups.numbering.end(), has) &&
           std::all_of(groups.at.begin(), groups.at.end(), [&](const Coordinate& c) { return has(c.axis); });
  };
  const auto found = std::find_if(meshes.begin(), meshes.end(), has_all);
  return found == meshes.end() ? 0 : static_cast<std::size_t>(found - meshes.begin());
}

Derivation derivation_of(const GroupSpec& groups) {
  if (groups.division.kind != GroupDivision::Kind::none) return Derivation::split;
  return groups.picked.empty() ? Derivation::whole : Derivation::picked;
}

void add_own_kinds(const ParallelConfig& config, KindTable& table) {
  table.kinds.reserve(table.kinds.size() + config.kinds.size());
  for (const std::vector<Axis>& axes : config.meshes) table.meshes.emplace_back(axes);
  for (const KindSpec& spec : config.kinds) {
    const std::size_t mesh = mesh_of(spec.groups, table.meshes);
    table.kinds.push_back({.kind = GroupKind(spec.kind),
                           .short_name = GroupKind(spec.kind),
                           .family = placed(table.meshes[mesh].family(spec.groups), config),
                           .mesh = mesh,
                           .varying = spec.groups.varying,
                           .derivation = derivation_of(spec.groups)});
  }
}

}  // namespace rankmesh
