#include "layout.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "rankmesh/topology/kind_names.hpp"
#include "rankmesh/topology/mesh_text.hpp"
#include "rankmesh/topology/text.hpp"
#include "rankmesh/topology/topology.hpp"

namespace rankmesh::dialects {
namespace {

/// Whether an axis is a part of the data parallel ranks in one of the systems.
bool is_data(const Axis& axis) {
  constexpr std::array<std::string_view, 5> names{"dp", "dp_shard", "dp_replicate", "edp", "efsdp"};
  return std::find(names.begin(), names.end(), axis.name) != names.end();
}

std::vector<Axis> with_merged_data(const std::vector<Axis>& axes, std::string_view name) {
  std::vector<Axis> result;
  for (const Axis& axis : without_ones(axes)) {
    if (!result.empty() && is_data(result.back()) && is_data(axis)) {
      result.back().size *= axis.size;
    } else {
      result.push_back(axis);
    }
    if (is_data(result.back())) result.back().name = name;
  }
  return result;
}

/// Adds a kind for each axis, once for an axis of both meshes.
void add_kinds(ParallelConfig& config, const std::vector<Axis>& axes) {
  for (const Axis& axis : axes) {
    KindSpec kind{kind_of_axes({axis.name}), {.varying = {axis.name}}};
    if (std::find(config.kinds.begin(), config.kinds.end(), kind) != config.kinds.end()) continue;
    config.kinds.push_back(std::move(kind));
  }
}

/// Axes of both meshes with one name must have the same groups, because kinds refer to axes by name.
void refuse_namesakes(const Layout& layout, WordReader& words) {
  const Mesh dense(layout.dense);
  const Mesh experts(layout.experts);
  for (const Axis& axis : experts.axes()) {
    if (!dense.find(axis.name)) continue;
    const bool is_same =
        dense.size(axis.name) == axis.size && dense.stride(axis.name) == experts.stride(axis.name);
    if (is_same || (axis.size == 1 && dense.size(axis.name) == 1)) continue;
    words.refuse("layout", experts.to_string(),
                 "has an axis " + axis.name + " with other groups than in " + dense.to_string() +
                     ": give it another name, e" + axis.name);
  }
}

/// Two axes cannot have one kind, as tp and tensor would.
void refuse_same_kinds(const std::vector<KindSpec>& kinds, WordReader& words) {
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (kinds[i].kind != kinds[j].kind) continue;
      words.refuse_axes("has two names for the axis of the " + kinds[i].kind + " groups, " +
                        kinds[j].groups.varying.front() + " and " + kinds[i].groups.varying.front());
    }
  }
}

Layout layout_on_meshes(const ParallelConfig& config, Diagnostics& diagnostics) {
  Layout layout{fill_in(config.meshes[0], config.world_size)};
  if (config.meshes.size() > 1) layout.experts = fill_in(config.meshes[1], config.world_size);
  for (std::size_t i = 2; i < config.meshes.size(); ++i) {
    diagnostics.add("meshes", to_string(config.meshes[i]),
                    "is mesh " + std::to_string(i + 1) + ", and this dialect has two at most");
  }
  for (const auto* axes : {&layout.dense, &layout.experts}) {
    for (const Axis& axis : *axes) {
      if (GroupKind::is_valid(axis.name)) continue;
      diagnostics.add("meshes", axis.name,
                      "cannot be the name of an axis here: 1 to 31 lower-case letters, digits and "
                      "underscores are allowed, the first a letter");
    }
  }
  return layout;
}

}  // namespace

Layout layout_of(const ParallelConfig& config, Diagnostics& diagnostics) {
  if (config.convention == Convention::mesh) return layout_on_meshes(config, diagnostics);
  const Topology topology(config);
  Layout layout{axes_of(topology.mesh())};
  if (config.convention != Convention::megatron_core) return layout;
  const bool has_experts = config.expert > 1 || config.expert_weight_remat > 1 ||
                           config.expert_tensor.value_or(config.tensor) != config.tensor;
  if (has_experts) layout.experts = axes_of(topology.meshes()[1]);
  return layout;
}

std::vector<Axis> axes_of(const Mesh& mesh) {
  return {mesh.axes().begin(), mesh.axes().end()};
}

ParallelConfig config_on_meshes(Layout layout, WorldSize world_size, WordReader& words) {
  ParallelConfig config{.convention = Convention::mesh};
  layout.dense = words.filled(std::move(layout.dense), world_size);
  if (!layout.experts.empty() && world_size) {
    layout.experts = words.filled(std::move(layout.experts), world_size);
  }
  words.throw_if_wrong();
  config.world_size = *world_size;
  config.meshes.push_back(layout.dense);
  add_kinds(config, layout.dense);
  if (!layout.experts.empty()) {
    refuse_namesakes(layout, words);
    words.throw_if_wrong();
    config.meshes.push_back(layout.experts);
    add_kinds(config, layout.experts);
  }
  refuse_same_kinds(config.kinds, words);
  words.throw_if_wrong();
  return config;
}

std::string kind_of_axes(const std::vector<std::string>& axes) {
  const std::string name = joined(axes, "_");
  if (name == "etp") return "expert_tensor";
  if (name == "edp") return "expert_data";
  if (name == "gtp") return "remat";
  if (name == "egtp") return "expert_remat";
  if (!GroupKind::is_valid(name)) return name;
  const GroupKind kind = long_name_of(GroupKind(name));
  return std::string(kind.name());
}

std::int64_t size_of(const std::vector<Axis>& axes, std::string_view name) {
  const auto found =
      std::find_if(axes.begin(), axes.end(), [&](const Axis& axis) { return axis.name == name; });
  return found == axes.end() ? 1 : found->size;
}

bool has_open(const std::vector<Axis>& axes) {
  return std::any_of(axes.begin(), axes.end(), [](const Axis& axis) { return axis.size == -1; });
}

std::vector<Axis> without_ones(const std::vector<Axis>& axes) {
  std::vector<Axis> result = axes;
  std::erase_if(result, [](const Axis& axis) { return axis.size == 1; });
  return result;
}

std::vector<Axis> shown(const std::vector<Axis>& axes) {
  std::vector<Axis> result = without_ones(axes);
  if (result.empty()) result.push_back(axes.empty() ? Axis{"dp", 1} : axes.front());
  return result;
}

std::vector<Axis> reversed(std::vector<Axis> axes) {
  std::reverse(axes.begin(), axes.end());
  return axes;
}

bool are_in_order(const std::vector<Axis>& axes, std::initializer_list<std::string_view> order) {
  const auto* next = order.begin();
  for (const Axis& axis : axes) {
    next = std::find(next, order.end(), axis.name);
    if (next == order.end()) return false;
    ++next;
  }
  return true;
}

std::vector<Axis> renamed(std::vector<Axis> axes,
                          std::initializer_list<std::pair<std::string_view, std::string_view>> names) {
  for (Axis& axis : axes) {
    const auto* found =
        std::find_if(names.begin(), names.end(), [&](const auto& name) { return name.first == axis.name; });
    if (found != names.end()) axis.name = found->second;
  }
  return axes;
}

std::vector<Axis> expert_form(const std::vector<Axis>& axes) {
  return renamed(with_merged_data(axes, "edp"), {{"tp", "etp"}});
}

std::vector<Axis> dense_form(const std::vector<Axis>& axes) {
  return with_merged_data(axes, "dp");
}

std::string sizes_text(const std::vector<Axis>& axes) {
  std::vector<std::string> texts;
  for (const Axis& axis : axes) texts.push_back(std::to_string(axis.size));
  return joined(texts, ",");
}

std::string names_text(const std::vector<Axis>& axes) {
  std::vector<std::string_view> texts;
  for (const Axis& axis : axes) texts.emplace_back(axis.name);
  return joined(texts, ",");
}

void refuse_place(const ParallelConfig& config, Diagnostics& diagnostics) {
  constexpr std::string_view rule = "cannot be said in this dialect";
  if (config.rank_offset > 0) diagnostics.add("rank_offset", config.rank_offset, std::string(rule));
  if (config.job_size && *config.job_size > config.rank_offset + config.world_size) {
    diagnostics.add("job_size", *config.job_size, std::string(rule));
  }
}

std::string place_text(const ParallelConfig& config) {
  std::string text;
  if (config.rank_offset > 0) text += " rank_offset=" + std::to_string(config.rank_offset);
  if (config.job_size) text += " job_size=" + std::to_string(*config.job_size);
  return text;
}

void read_place(WordReader& words, ParallelConfig& config) {
  config.rank_offset = words.number("rank_offset").value_or(0);
  config.job_size = words.number("job_size");
}

void refuse_unknown(const std::vector<Axis>& axes, std::initializer_list<std::string_view> known,
                    std::string_view whose, Diagnostics& diagnostics) {
  for (const Axis& axis : axes) {
    if (std::find(known.begin(), known.end(), axis.name) != known.end()) continue;
    diagnostics.add("layout", Mesh({axis}).to_string(),
                    "is no axis of " + std::string(whose) + "; known are " + joined(known, ", "));
  }
}

void throw_if_any(Diagnostics& diagnostics) {
  if (!diagnostics.empty()) throw ConfigError(diagnostics.take());
}

}  // namespace rankmesh::dialects
