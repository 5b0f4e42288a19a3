#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "rankmesh/planner/estimate.hpp"
#include "rankmesh/planner/export.hpp"

namespace RANKMESH_PLANNER_API rankmesh {
namespace planner {

/// The values that a search tries for a size: those within the bounds that divide what they must divide.
struct SizeBounds {
  /// The least.
  std::int64_t least = 1;
  /// The greatest; if missing, the one that `SearchSpace` says.
  std::optional<std::int64_t> most{};

  constexpr SizeBounds() = default;
  /// One value.
  constexpr SizeBounds(std::int64_t size) : least(size), most(size) {}
  /// All from one to another one.
  constexpr SizeBounds(std::int64_t first, std::int64_t last) : least(first), most(last) {}

  bool operator==(const SizeBounds&) const = default;
};

/// Which layouts a search looks at. Of the orders, the one is taken under which a step takes least.
struct SearchSpace {
  /// What all layouts have in common. `micro_batch` and `recompute` are those of the search.
  Training training{};
  /// Up to the GPUs of a fast domain.
  SizeBounds tp{};
  /// Of any size.
  SizeBounds cp{};
  /// Of any size.
  SizeBounds ep{};
  /// 1 and the tensor parallel size, unless it has a bound.
  SizeBounds etp{};
  /// Up to the layers.
  SizeBounds pp{};
  /// Up to the layers of a stage.
  SizeBounds vpp{};
  /// Up to 16.
  SizeBounds micro_batch{};
  /// If missing, nothing and every layer, and with scores in memory also attention alone.
  std::optional<Recompute> recompute{};
  /// The orders to choose from; if empty, all that Megatron-Core accepts.
  std::vector<Order> orders{};

  bool operator==(const SearchSpace&) const = default;
};

/// A layout with what it needs.
struct PlannedLayout {
  /// The sizes.
  Layout layout{};
  /// Sequences that a replica processes at a time.
  std::int64_t micro_batch = 1;
  /// What is computed again.
  Recompute recompute = Recompute::none;
  /// Memory and time.
  Estimate estimate{};
};

/// The result of a search.
struct Plan {
  /// The fastest layouts that fit into memory, best first. Equal ones are in the order of their sizes. No two
  /// differ in their order alone.
  std::vector<PlannedLayout> layouts{};
  /// Layouts with sizes that divide.
  std::int64_t considered = 0;
  /// Those that fit into memory.
  std::int64_t valid = 0;
};

/// The orders among which a step takes least: those that Megatron-Core accepts for the sizes of a layout, in
/// the order given. Of orders under which the groups of every kind lie alike on the machine's domains, the
/// first is there. An order under which no kind is nearer than under another one, and one is farther, is left
/// out, unless it is the first, or the machine has links on which near is not faster. O(orders).
[[nodiscard]] std::vector<Order> useful_orders(const Machine& machine, const Layout& layout,
                                               std::span<const Order> orders = all_orders(),
                                               const Constants& constants = {});

/// Every layout of a space that fits into memory, with its best order, in ascending order of tp, cp, pp, ep,
/// etp, vpp, micro batch and recompute. Of orders with the same time, the first counts. Levels of
/// recomputation are left out where a layout fits with less of it, because they are slower.
/// @return how many layouts were looked at, fitting or not, each counted once for all its orders
std::int64_t for_each_layout(const Work& work, const Machine& machine, const SearchSpace& space,
                             const Constants& constants,
                             const std::function<void(const PlannedLayout&)>& visit);

/// The fastest layouts. Memory does not grow with the number of layouts.
[[nodiscard]] Plan search(const Work& work, const Machine& machine, const SearchSpace& space,
                          std::size_t most_layouts, const Constants& constants = {});

}  // namespace planner
}  // namespace rankmesh
