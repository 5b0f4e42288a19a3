#include <algorithm>
#include <set>
#include <string>
#include <string_view>

#include "config/rules.hpp"
#include "conventions/mesh_kinds.hpp"
#include "rankmesh/topology/group_kind.hpp"
#include "rankmesh/topology/mesh_text.hpp"

namespace rankmesh {
namespace {

void check_meshes(const RuleSet& rules) {
  const ParallelConfig& config = rules.config;
  for (const std::vector<Axis>& axes : config.meshes) {
    if (axes.empty()) continue;
    const std::string text = to_string(axes);
    try {
      const Mesh mesh(fill_in(axes, config.world_size));
      if (mesh.world_size() == config.world_size) continue;
      rules.diagnostics.add("meshes", text,
                            "multiplies to " + std::to_string(mesh.world_size()) + ", not to " +
                                Phrase::field("world_size", config.world_size));
    } catch (const ConfigError& error) {
      // The nearest sizes of a mesh alone need not fit the world.
      for (Diagnostic diagnostic : error.diagnostics()) {
        diagnostic.nearest.clear();
        rules.diagnostics.add("meshes", text, "does not work: " + diagnostic.message());
      }
    }
  }
}

/// The meshes of the configuration; none unless all of them exist, which rules about their groups need.
std::vector<Mesh> meshes_of(const RuleSet& rules) {
  std::vector<Mesh> meshes;
  rules.apply({"meshes", "world_size"}, [&] {
    if (rules.diagnostics.has("meshes") || !is_world_size(rules.config.world_size)) return;
    for (const std::vector<Axis>& axes : rules.config.meshes) {
      meshes.emplace_back(fill_in(axes, rules.config.world_size));
    }
  });
  return meshes;
}

/// @param names those of the kinds before this one, which it may not repeat
void check_kind_name(const RuleSet& rules, const KindSpec& kind, std::set<std::string_view>& names) {
  if (!GroupKind::is_valid(kind.kind)) {
    rules.diagnostics.add(
        "kinds", to_string(kind),
        "is called \"" + kind.kind +
            "\", which cannot name a kind: 1 to 31 lower-case letters, digits and underscores "
            "are allowed, the first a letter; put name: before the axes");
  }
  if (!names.insert(kind.kind).second) {
    rules.diagnostics.add("kinds", to_string(kind), "repeats the name of another kind, " + kind.kind);
  }
}

/// The axes of a kind are axes of one mesh.
void check_kind_axes(const RuleSet& rules, const KindSpec& kind, const std::vector<Mesh>& meshes) {
  try {
    static_cast<void>(meshes[mesh_of(kind.groups, meshes)].family(kind.groups));
  } catch (const ConfigError& error) {
    for (const Diagnostic& diagnostic : error.diagnostics()) {
      rules.diagnostics.add("kinds", to_string(kind), "does not work: " + diagnostic.message());
    }
  }
}

}  // namespace

void check_mesh(const RuleSet& rules) {
  const ParallelConfig& config = rules.config;
  check_world_size(rules);
  rules.apply({"meshes"}, [&] {
    if (config.meshes.empty()) {
      rules.diagnostics.add("meshes", "", "are missing: give the axes with their sizes");
    }
    if (std::any_of(config.meshes.begin(), config.meshes.end(), [](const auto& m) { return m.empty(); })) {
      rules.diagnostics.add("meshes", "", "has a mesh without axes");
    }
  });
  rules.apply({"meshes", "world_size"}, [&] {
    if (is_world_size(config.world_size)) check_meshes(rules);
  });
  rules.apply({"kinds"}, [&] {
    if (config.kinds.empty()) {
      rules.diagnostics.add("kinds", "", "are missing: say which axes vary in a kind of group");
    }
    const std::vector<Mesh> meshes = meshes_of(rules);
    std::set<std::string_view> names;
    for (const KindSpec& kind : config.kinds) {
      check_kind_name(rules, kind, names);
      if (!meshes.empty()) check_kind_axes(rules, kind, meshes);
    }
  });
  check_placement(rules);
}

}  // namespace rankmesh
