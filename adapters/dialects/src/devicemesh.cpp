#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "layout.hpp"
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

/// The text of a kind of several axes, or of one axis under another name than its own; empty for other kinds.
/// Axes of one rank are omitted.
std::string flatten_text(const KindSpec& kind, const Layout& layout) {
  std::vector<std::string> axes = kind.groups.varying;
  std::erase_if(axes, [&](const std::string& axis) {
    return size_of(layout.dense, axis) == 1 && size_of(layout.experts, axis) == 1;
  });
  const std::string usual = kind_of_axes(axes);
  if (axes.empty() || (axes.size() == 1 && usual == kind.kind)) return "";
  return (usual == kind.kind ? "" : kind.kind + ":") + joined(axes, "+");
}

/// The custom kinds of a configuration. Kinds of other conventions have no form in a DeviceMesh.
std::string kinds_text(const ParallelConfig& config, const Layout& layout, Diagnostics& diagnostics) {
  std::vector<std::string> texts;
  for (const KindSpec& kind : config.kinds) {
    if (!kind.groups.at.empty()) {
      diagnostics.add("kinds", to_string(kind), "is a slice, which this dialect has no words for");
    }
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
    config.kinds.push_back(flattened(several, names));
  }
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
