#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "rankmesh/planner/export.hpp"

namespace RANKMESH_PLANNER_API rankmesh {
namespace planner {

/// An axis of a layout's order. In the mesh of the experts, `tp` is their tensor parallel size and `dp` their
/// data parallel size, and there is no `cp`; in the mesh of the other layers there is no `ep`.
enum class OrderAxis : std::uint8_t { tp, cp, ep, dp, pp };

/// The order in which the axes number the ranks, as Megatron-Core's `order`: the first one varies fastest.
struct Order {
  /// Every axis once.
  std::array<OrderAxis, 5> axes{OrderAxis::tp, OrderAxis::cp, OrderAxis::ep, OrderAxis::dp, OrderAxis::pp};

  bool operator==(const Order&) const = default;
};

/// `tp-cp-ep-dp-pp`
[[nodiscard]] std::string to_string(const Order& order);
/// Reads `tp-cp-ep-dp-pp`, in upper or lower case. Axes that are left out follow the others in this order.
/// Nothing if a word is no axis, or an axis stands twice.
[[nodiscard]] std::optional<Order> parse_order(std::string_view text);
/// All 120 orders. tp-cp-ep-dp-pp is the first, and the more pairs of axes stand as in it, the earlier an
/// order comes.
[[nodiscard]] std::span<const Order> all_orders();

}  // namespace planner
}  // namespace rankmesh
