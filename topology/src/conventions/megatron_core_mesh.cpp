#include "conventions/megatron_core_mesh.hpp"

#include <algorithm>
#include <initializer_list>
#include <iterator>

#include "rankmesh/topology/text.hpp"

namespace rankmesh::megatron_core {
namespace {

/// Inserts an axis right of the first anchor that exists; leftmost if no anchor exists.
void insert_behind(std::vector<Axis>& axes, std::initializer_list<std::string_view> anchors, Axis axis) {
  for (const std::string_view anchor : anchors) {
    const auto found =
        std::find_if(axes.begin(), axes.end(), [&](const Axis& a) { return a.name == anchor; });
    if (found == axes.end()) continue;
    axes.insert(std::next(found), std::move(axis));
    return;
  }
  axes.insert(axes.begin(), std::move(axis));
}

}  // namespace

std::vector<std::string> axes_of(std::string_view order) {
  std::vector<std::string> axes;
  for (const std::string_view axis : split_text(order, '-')) axes.push_back(lower_case(axis));
  return axes;
}

std::vector<Axis> dense_axes(const ParallelConfig& config) {
  const std::int64_t others = config.tensor * config.weight_remat * config.context * config.pipeline;
  std::vector<Axis> axes;
  for (const std::string& axis : axes_of(config.order)) {
    if (axis == "tp") axes.push_back({axis, config.tensor});
    if (axis == "cp") axes.push_back({axis, config.context});
    if (axis == "dp") axes.push_back({axis, config.world_size / others});
    if (axis == "pp") axes.push_back({axis, config.pipeline});
  }
  if (config.weight_remat > 1) insert_behind(axes, {"tp"}, {"gtp", config.weight_remat});
  return axes;
}

std::vector<Axis> expert_axes(const ParallelConfig& config) {
  const std::int64_t tensor = expert_tensor(config);
  const std::int64_t others = tensor * config.expert * config.expert_weight_remat * config.pipeline;
  std::vector<Axis> axes;
  for (const std::string& axis : axes_of(config.order)) {
    if (axis == "tp") axes.push_back({"etp", tensor});
    if (axis == "ep") axes.push_back({axis, config.expert});
    if (axis == "dp") axes.push_back({"edp", config.world_size / others});
    if (axis == "pp") axes.push_back({axis, config.pipeline});
  }
  if (config.expert_weight_remat > 1) {
    insert_behind(axes, {"ep", "etp"}, {"egtp", config.expert_weight_remat});
  }
  return axes;
}

std::vector<std::int64_t> hybrid_sizes(std::int64_t n) {
  std::vector<std::int64_t> sizes;
  for (std::int64_t size = 2; 2 * size <= n; size *= 2) sizes.push_back(size);
  return sizes;
}

std::vector<int> places_of(const std::vector<std::int64_t>& stages, std::int64_t pipeline) {
  if (pipeline == 1) return {0};
  std::vector<int> places;
  for (const std::int64_t stage : stages) {
    const auto place = static_cast<int>(stage < 0 ? stage + pipeline : stage);
    if (std::find(places.begin(), places.end(), place) == places.end()) places.push_back(place);
  }
  return places;
}

}  // namespace rankmesh::megatron_core
