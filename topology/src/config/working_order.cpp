#include "config/working_order.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "conventions/megatron_core_mesh.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {

std::optional<std::string> working_order(const ParallelConfig& config,
                                         const std::function<bool(const ParallelConfig&)>& works) {
  const auto& usual = megatron_core::order_axes;
  std::vector<std::string> axes;
  for (const std::string& axis : megatron_core::axes_of(config.order)) {
    const bool is_known = std::find(usual.begin(), usual.end(), axis) != usual.end();
    if (is_known && std::find(axes.begin(), axes.end(), axis) == axes.end()) axes.push_back(axis);
  }
  ParallelConfig changed = config;
  const auto works_with = [&](const std::vector<std::string>& order) {
    changed.order = joined(order, "-");
    return !order.empty() && works(changed);
  };
  const auto with_pp_last = [](std::vector<std::string> order) {
    if (std::erase(order, "pp") > 0) order.emplace_back("pp");
    return order;
  };
  std::vector<std::string> complete = axes;
  for (const std::string_view axis : usual) {
    if (std::find(axes.begin(), axes.end(), axis) == axes.end()) complete.emplace_back(axis);
  }
  for (const auto& order : {axes, with_pp_last(axes), complete, with_pp_last(complete)}) {
    if (works_with(order)) return changed.order;
  }
  std::array<std::size_t, usual.size()> places{0, 1, 2, 3, 4};
  do {
    std::vector<std::string> order;
    for (const std::size_t place : places) order.emplace_back(usual[place]);
    if (works_with(order)) return changed.order;
  } while (std::next_permutation(places.begin(), places.end()));
  return std::nullopt;
}

}  // namespace rankmesh
