#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "layout.hpp"
#include "rankmesh/topology/group_kind.hpp"
#include "rankmesh/topology/mesh_text.hpp"
#include "rankmesh/topology/text.hpp"
#include "readers.hpp"

namespace rankmesh::dialects {
namespace {

/// Splits `dp_cp` or `dp_shard_cp` into names of axes; nothing if that is not possible. Longer names are
/// tried first.
std::optional<std::vector<std::string>> split_at_axes(std::string_view text,
                                                      const std::vector<std::string>& longest_first) {
  for (const std::string& name : longest_first) {
    if (text == name) return std::vector{name};
    if (!text.starts_with(name) || text[name.size()] != '_') continue;
    auto rest = split_at_axes(text.substr(name.size() + 1), longest_first);
    if (!rest) continue;
    rest->insert(rest->begin(), name);
    return rest;
  }
  return std::nullopt;
}

/// `dp_cp`, `dp+cp` or `name:dp+cp`.
KindSpec flattened(std::string_view text, const std::vector<std::string>& axes) {
  KindSpec kind;
  if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    kind.kind = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  const auto found = split_at_axes(text, axes);
  if (found) {
    kind.groups.varying = *found;
  } else {
    const char separator = text.find('+') == std::string_view::npos ? '_' : '+';
    for (const std::string_view axis : split_text(text, separator)) {
      kind.groups.varying.emplace_back(axis);
    }
  }
  if (kind.kind.empty()) kind.kind = kind_of_axes(kind.groups.varying);
  return kind;
}

std::vector<std::string> names_longest_first(const std::vector<std::vector<Axis>>& meshes) {
  std::vector<std::string> names;
  for (const std::vector<Axis>& axes : meshes) {
    for (const Axis& axis : axes) names.push_back(axis.name);
  }
  std::stable_sort(names.begin(), names.end(),
                   [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
  return names;
}

/// The axes in the order of the first mesh that has them all, slowest first, as DeviceMesh lists them.
/// Unchanged if no mesh has them all.
std::vector<std::string> in_mesh_order(std::vector<std::string> axes,
                                       const std::vector<std::vector<Axis>>& meshes) {
  for (const std::vector<Axis>& mesh : meshes) {
    const auto place = [&](const std::string& axis) {
      return std::find_if(mesh.begin(), mesh.end(), [&](const Axis& a) { return a.name == axis; });
    };
    if (std::any_of(axes.begin(), axes.end(), [&](const auto& axis) { return place(axis) == mesh.end(); })) {
      continue;
    }
    std::sort(axes.begin(), axes.end(),
              [&](const std::string& a, const std::string& b) { return place(a) > place(b); });
    return axes;
  }
  return axes;
}

/// DeviceMesh flattens axes of one mesh, in the order in which the mesh lists them.
void check_flattened(const std::string& text, const KindSpec& kind, const ParallelConfig& config,
                     WordReader& words) {
  const std::vector<std::string>& axes = kind.groups.varying;
  const std::vector<std::string> known = names_longest_first(config.meshes);
  const auto refuse = [&](std::string rule) { words.refuse("flatten", text, std::move(rule)); };
  for (auto axis = axes.begin(); axis != axes.end(); ++axis) {
    if (std::find(known.begin(), known.end(), *axis) == known.end()) {
      return refuse("names " + *axis + ", which is no axis; there are " + joined(known, ", "));
    }
    if (std::find(axes.begin(), axis, *axis) != axis) return refuse("names " + *axis + " twice");
  }
  if (!GroupKind::is_valid(kind.kind)) {
    return refuse("makes the kind \"" + kind.kind +
                  "\", which cannot be a name: put a name of 1 to 31 letters, digits and underscores before "
                  "the axes, name:" +
                  joined(axes, "+"));
  }
  const bool is_made = std::any_of(config.kinds.begin(), config.kinds.end(),
                                   [&](const KindSpec& k) { return k.kind == kind.kind; });
  if (is_made) return refuse("makes the kind " + kind.kind + " once more");
  if (const auto ordered = in_mesh_order(axes, config.meshes); ordered != axes) {
    refuse("names its axes in another order than the mesh, which DeviceMesh does not flatten; write " +
           joined(ordered, "+"));
  }
}

/// The text of a kind of several axes, or of one axis under another name than its own; empty for other kinds.
/// Axes of one rank are omitted.
std::string flatten_text(const KindSpec& kind, const Layout& layout) {
  std::vector<std::string> axes = kind.groups.varying;
  std::erase_if(axes, [&](const std::string& axis) {
    return size_of(layout.dense, axis) == 1 && size_of(layout.experts, axis) == 1;
  });
  axes = in_mesh_order(axes, {layout.dense, layout.experts});
  const std::string usual = kind_of_axes(axes);
  if (axes.empty() || (axes.size() == 1 && usual == kind.kind)) return "";
  return (usual == kind.kind ? "" : kind.kind + ":") + joined(axes, "+");
}

/// What a kind has beside axes in the order of the mesh; empty if nothing.
std::string beyond_axes(const GroupSpec& groups) {
  if (groups.in_written_order) return "has members in another order than the mesh";
  if (!groups.picked.empty()) return "picks coordinates";
  return groups.division.kind == GroupDivision::Kind::none ? "" : "divides its groups";
}

/// The custom kinds of a configuration. Kinds of other conventions have no form in a DeviceMesh.
std::string kinds_text(const ParallelConfig& config, const Layout& layout, Diagnostics& diagnostics) {
  std::vector<std::string> texts;
  for (const KindSpec& kind : config.kinds) {
    if (!kind.groups.at.empty()) {
      diagnostics.add("kinds", to_string(kind), "is a slice, which this dialect has no words for");
    }
    if (const std::string what = beyond_axes(kind.groups); !what.empty())
      diagnostics.add("kinds", to_string(kind), what + ", which this dialect has no words for");
    if (std::string text = flatten_text(kind, layout); !text.empty()) texts.push_back(std::move(text));
  }
  return texts.empty() ? "" : " flatten=" + joined(texts, ",");
}

}  // namespace

ParallelConfig read_devicemesh(std::string_view text, WorldSize world_size) {
  WordReader words(text,
                   {"shape", "names", "expert_shape", "expert_names", "flatten", "rank_offset", "job_size"});
  Layout layout{reversed(words.axes("names", "shape"))};
  if (words.has("expert_shape") || words.has("expert_names")) {
    layout.experts = reversed(words.axes("expert_names", "expert_shape"));
  }
  ParallelConfig place;
  read_place(words, place);
  words.throw_if_wrong();
  ParallelConfig config = config_on_meshes(std::move(layout), world_size, words);
  config.rank_offset = place.rank_offset;
  config.job_size = place.job_size;
  const std::vector<std::string> names = names_longest_first(config.meshes);
  for (const std::string& several : words.names("flatten")) {
    KindSpec kind = flattened(several, names);
    check_flattened(several, kind, config, words);
    config.kinds.push_back(std::move(kind));
  }
  words.throw_if_wrong();
  return config;
}

std::string write_devicemesh(const ParallelConfig& config) {
  Diagnostics diagnostics;
  const Layout layout = layout_of(config, diagnostics);
  const std::vector<Axis> dense = reversed(shown(layout.dense));
  std::string text = "shape=" + sizes_text(dense) + " names=" + names_text(dense);
  if (!layout.experts.empty()) {
    const std::vector<Axis> experts = reversed(shown(layout.experts));
    text += " expert_shape=" + sizes_text(experts) + " expert_names=" + names_text(experts);
  }
  text += kinds_text(config, layout, diagnostics) + place_text(config);
  throw_if_any(diagnostics);
  return text;
}

}  // namespace rankmesh::dialects
