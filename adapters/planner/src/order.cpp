#include "rankmesh/planner/order.hpp"

#include <algorithm>
#include <vector>

#include "rankmesh/topology/text.hpp"

namespace rankmesh::planner {
namespace {

constexpr std::array<std::string_view, 5> names{"tp", "cp", "ep", "dp", "pp"};
constexpr std::size_t order_count = 120;

/// The pairs of axes that stand in the other order than in tp-cp-ep-dp-pp.
constexpr int swapped_pairs(const Order& order) {
  int pairs = 0;
  for (std::size_t i = 0; i < order.axes.size(); ++i) {
    for (std::size_t k = i + 1; k < order.axes.size(); ++k) pairs += order.axes[i] > order.axes[k] ? 1 : 0;
  }
  return pairs;
}

constexpr std::array<Order, order_count> make_orders() {
  std::array<Order, order_count> orders{};
  for (std::size_t i = 1; i < order_count; ++i) {
    orders[i] = orders[i - 1];
    std::next_permutation(orders[i].axes.begin(), orders[i].axes.end());
  }
  std::sort(orders.begin(), orders.end(), [](const Order& a, const Order& b) {
    const int pairs = swapped_pairs(a);
    const int others = swapped_pairs(b);
    return pairs != others ? pairs < others : a.axes < b.axes;
  });
  return orders;
}

constexpr std::array<Order, order_count> every_order = make_orders();

}  // namespace

std::string to_string(const Order& order) {
  return joined(order.axes, "-", [](OrderAxis axis) { return names[static_cast<std::size_t>(axis)]; });
}

std::optional<Order> parse_order(std::string_view text) {
  Order order;
  std::size_t count = 0;
  const auto add = [&](std::size_t name) {
    const auto end = order.axes.begin() + static_cast<std::ptrdiff_t>(count);
    const auto axis = static_cast<OrderAxis>(name);
    if (std::find(order.axes.begin(), end, axis) != end) return false;
    order.axes[count++] = axis;
    return true;
  };
  for (const std::string_view word : split_text(text, '-')) {
    const auto name = std::find(names.begin(), names.end(), lower_case(word));
    if (name == names.end() || !add(static_cast<std::size_t>(name - names.begin()))) return std::nullopt;
  }
  for (std::size_t name = 0; name < names.size(); ++name) add(name);
  return order;
}

std::span<const Order> all_orders() {
  return every_order;
}

}  // namespace rankmesh::planner
