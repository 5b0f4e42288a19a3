#include "dialect_layout.hpp"

#include <algorithm>

#include "megatron_core.hpp"
#include "rankmesh/topology/kind_names.hpp"
#include "text.hpp"

namespace rankmesh {
namespace {

/// Whether two neighbours, the faster one first, are parts of the data parallel axis.
bool are_shards(const Axis& fast, const Axis& slow) {
  const auto is_part = [](const Axis& axis) {
    return axis.name == "dp" || axis.name == "edp" || axis.name.starts_with("dp_") || axis.name == "efsdp";
  };
  return is_part(fast) && is_part(slow);
}

}  // namespace

std::vector<Axis> without_ones(const std::vector<Axis>& axes) {
  std::vector<Axis> result = axes;
  std::erase_if(result, [](const Axis& axis) { return axis.size == 1; });
  return result;
}

std::vector<Axis> megatron_form(const std::vector<Axis>& axes, bool is_of_experts) {
  std::vector<Axis> result;
  for (const Axis& axis : without_ones(axes)) {
    if (!result.empty() && are_shards(result.back(), axis)) {
      result.back().size *= axis.size;
    } else {
      result.push_back(axis);
    }
  }
  for (Axis& axis : result) {
    if (are_shards(axis, axis)) axis.name = is_of_experts ? "edp" : "dp";
    if (is_of_experts && axis.name == "tp") axis.name = "etp";
  }
  return result;
}

std::int64_t size_of(const std::vector<Axis>& axes, std::string_view name) {
  const auto found =
      std::find_if(axes.begin(), axes.end(), [&](const Axis& axis) { return axis.name == name; });
  return found == axes.end() ? 1 : found->size;
}

DialectLayout layout_of(const ParallelConfig& config) {
  switch (config.convention) {
    case Convention::megatron_core: {
      DialectLayout layout{megatron_core::dense_axes(config), megatron_core::expert_axes(config)};
      const bool has_experts = config.expert > 1 || megatron_core::expert_tensor(config) != config.tensor ||
                               config.expert_weight_remat > 1;
      if (!has_experts) layout.experts.clear();
      return layout;
    }
    case Convention::mesh: {
      DialectLayout layout{fill_in(config.meshes[0], config.world_size)};
      if (config.meshes.size() > 1) layout.experts = fill_in(config.meshes[1], config.world_size);
      return layout;
    }
    case Convention::reference:
    case Convention::extended:
      break;
  }
  const std::int64_t data = config.world_size / (config.tensor * config.sequence * config.pipeline);
  return {{{"tp", config.tensor}, {"sp", config.sequence}, {"dp", data}, {"pp", config.pipeline}}};
}

std::string kind_of_axes(const std::vector<std::string>& axes) {
  const std::string name = joined(axes, "_");
  if (name == "etp") return "expert_tensor";
  if (name == "edp") return "expert_data";
  if (name == "gtp") return "remat";
  if (name == "egtp") return "expert_remat";
  return GroupKind::is_valid(name) ? std::string(long_name_of(GroupKind(name)).name()) : name;
}

}  // namespace rankmesh
