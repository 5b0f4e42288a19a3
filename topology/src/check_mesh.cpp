#include <algorithm>
#include <string>

#include "check_rules.hpp"
#include "mesh_kinds.hpp"
#include "rankmesh/topology/group_kind.hpp"
#include "rankmesh/topology/mesh_text.hpp"

namespace rankmesh {
namespace {

/// The meshes that are sound, each of so many ranks as the world.
std::vector<Mesh> check_meshes(const ParallelConfig& config, Violations& violations) {
  std::vector<Mesh> meshes;
  if (config.meshes.empty()) violations.add("meshes", "", "are missing: give the axes with their sizes");
  for (const std::vector<Axis>& axes : config.meshes) {
    const std::string text = to_string(axes);
    if (axes.empty()) {
      violations.add("meshes", "", "has a mesh without axes");
      continue;
    }
    try {
      meshes.emplace_back(fill_in(axes, config.world_size));
      if (meshes.back().world_size() == config.world_size) continue;
      violations.add("meshes", text,
                     "multiplies to " + std::to_string(meshes.back().world_size()) +
                         ", not to world_size = " + std::to_string(config.world_size));
    } catch (const ConfigError& error) {
      for (const Violation& violation : error.violations()) {
        violations.add("meshes", text, "does not work: " + violation.message());
      }
    }
  }
  return meshes;
}

}  // namespace

void check_mesh(const ParallelConfig& config, Violations& violations) {
  const bool world_is_valid = check_world_size(config.world_size, {}, violations);
  if (!world_is_valid) return;
  const std::vector<Mesh> meshes = check_meshes(config, violations);
  const bool all_are_sound = meshes.size() == config.meshes.size() && !violations.has("meshes");
  if (config.kinds.empty())
    violations.add("kinds", "", "are missing: say which axes vary in a kind of group");
  for (auto kind = config.kinds.begin(); kind != config.kinds.end(); ++kind) {
    const std::string text = to_string(*kind);
    if (!GroupKind::is_valid(kind->kind)) {
      violations.add("kinds", text,
                     "is called \"" + kind->kind +
                         "\", which cannot name a kind: 1 to 31 lower-case letters, digits and underscores "
                         "are allowed, the first a letter; put name: before the axes");
    }
    if (std::any_of(config.kinds.begin(), kind, [&](const KindSpec& k) { return k.kind == kind->kind; })) {
      violations.add("kinds", text, "repeats the name of another kind, " + kind->kind);
    }
    if (!all_are_sound) continue;
    try {
      static_cast<void>(meshes[mesh_of(kind->groups, meshes)].family(kind->groups));
    } catch (const ConfigError& error) {
      for (const Violation& violation : error.violations()) {
        violations.add("kinds", text, "does not work: " + violation.message());
      }
    }
  }
  check_placement(config, violations);
}

}  // namespace rankmesh
