#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/rules.hpp"
#include "conventions/kind_table.hpp"
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

void check_empty_meshes(const RuleSet& rules) {
  const auto& meshes = rules.config.meshes;
  if (std::any_of(meshes.begin(), meshes.end(), [](const auto& mesh) { return mesh.empty(); })) {
    rules.diagnostics.add("meshes", "", "has a mesh without axes");
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
void check_kind_name(const RuleSet& rules, const KindSpec& kind, std::set<std::string>& names) {
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

/// The names of the kinds of a convention, also of those that the configuration does not have: a kind of the
/// user's own must not get another meaning where a size changes.
std::set<std::string> names_of_convention(const ParallelConfig& config, const KindTable& table) {
  std::set<std::string> names;
  const bool is_megatron_core = config.convention == Convention::megatron_core;
  for (const KindRow& row : is_megatron_core ? megatron_core_rows() : reference_rows()) {
    names.emplace(row.name);
    names.emplace(row.short_name);
  }
  for (const KindFamily& kind : table.kinds) {
    names.emplace(kind.kind.name());
    names.emplace(kind.short_name.name());
  }
  return names;
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

void check_own_kinds(const RuleSet& rules) {
  const ParallelConfig& config = rules.config;
  if (config.meshes.empty() && config.kinds.empty()) return;
  rules.apply({"meshes"}, [&] { check_empty_meshes(rules); });
  rules.apply({"meshes", "world_size"}, [&] {
    if (is_world_size(config.world_size)) check_meshes(rules);
  });
  rules.apply({"kinds", "meshes"}, [&] {
    if (config.kinds.empty()) {
      rules.diagnostics.add("kinds", "", "are missing: say which axes vary in a kind of group");
    }
  });
  if (!rules.diagnostics.empty() || !rules.can_read_all()) return;
  const KindTable table = convention_table(config);
  std::vector<Mesh> meshes = table.meshes;
  for (Mesh& mesh : meshes_of(rules)) meshes.push_back(std::move(mesh));
  std::set<std::string> names = names_of_convention(config, table);
  for (const KindSpec& kind : config.kinds) {
    check_kind_name(rules, kind, names);
    check_kind_axes(rules, kind, meshes);
  }
}

void check_mesh(const RuleSet& rules) {
  const ParallelConfig& config = rules.config;
  check_world_size(rules);
  rules.apply({"meshes"}, [&] {
    if (config.meshes.empty()) {
      rules.diagnostics.add("meshes", "", "are missing: give the axes with their sizes");
    }
    check_empty_meshes(rules);
  });
  rules.apply({"meshes", "world_size"}, [&] {
    if (is_world_size(config.world_size)) check_meshes(rules);
  });
  rules.apply({"kinds"}, [&] {
    if (config.kinds.empty()) {
      rules.diagnostics.add("kinds", "", "are missing: say which axes vary in a kind of group");
    }
    const std::vector<Mesh> meshes = meshes_of(rules);
    std::set<std::string> names;
    for (const KindSpec& kind : config.kinds) {
      check_kind_name(rules, kind, names);
      if (!meshes.empty()) check_kind_axes(rules, kind, meshes);
    }
  });
  check_placement(rules);
}

}  // namespace rankmesh
