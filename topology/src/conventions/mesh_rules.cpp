#include <algorithm>
#include <string>

#include "config/rules.hpp"
#include "conventions/mesh_kinds.hpp"
#include "rankmesh/topology/group_kind.hpp"
#include "rankmesh/topology/mesh_text.hpp"

namespace rankmesh {
namespace {

/// The meshes that are sound, each of so many ranks as the world.
std::vector<Mesh> check_meshes(const ParallelConfig& config, Diagnostics& diagnostics) {
  std::vector<Mesh> meshes;
  if (config.meshes.empty()) diagnostics.add("meshes", "", "are missing: give the axes with their sizes");
  for (const std::vector<Axis>& axes : config.meshes) {
    const std::string text = to_string(axes);
    if (axes.empty()) {
      diagnostics.add("meshes", "", "has a mesh without axes");
      continue;
    }
    try {
      meshes.emplace_back(fill_in(axes, config.world_size));
      if (meshes.back().world_size() == config.world_size) continue;
      diagnostics.add("meshes", text,
                      "multiplies to " + std::to_string(meshes.back().world_size()) +
                          ", not to world_size = " + std::to_string(config.world_size));
    } catch (const ConfigError& error) {
      for (const Diagnostic& diagnostic : error.diagnostics()) {
        diagnostics.add("meshes", text, "does not work: " + diagnostic.message());
      }
    }
  }
  return meshes;
}

}  // namespace

void check_mesh(const ParallelConfig& config, Diagnostics& diagnostics) {
  const bool world_is_valid = check_world_size(config.world_size, {}, diagnostics);
  if (!world_is_valid) return;
  const std::vector<Mesh> meshes = check_meshes(config, diagnostics);
  const bool all_are_sound = meshes.size() == config.meshes.size() && !diagnostics.has("meshes");
  if (config.kinds.empty())
    diagnostics.add("kinds", "", "are missing: say which axes vary in a kind of group");
  for (auto kind = config.kinds.begin(); kind != config.kinds.end(); ++kind) {
    const std::string text = to_string(*kind);
    if (!GroupKind::is_valid(kind->kind)) {
      diagnostics.add("kinds", text,
                      "is called \"" + kind->kind +
                          "\", which cannot name a kind: 1 to 31 lower-case letters, digits and underscores "
                          "are allowed, the first a letter; put name: before the axes");
    }
    if (std::any_of(config.kinds.begin(), kind, [&](const KindSpec& k) { return k.kind == kind->kind; })) {
      diagnostics.add("kinds", text, "repeats the name of another kind, " + kind->kind);
    }
    if (!all_are_sound) continue;
    try {
      static_cast<void>(meshes[mesh_of(kind->groups, meshes)].family(kind->groups));
    } catch (const ConfigError& error) {
      for (const Diagnostic& diagnostic : error.diagnostics()) {
        diagnostics.add("kinds", text, "does not work: " + diagnostic.message());
      }
    }
  }
  check_placement(config, diagnostics);
}

}  // namespace rankmesh
