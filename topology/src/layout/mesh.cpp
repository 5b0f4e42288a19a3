#include "rankmesh/topology/mesh.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <string_view>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

constexpr std::int64_t max_world_size = std::numeric_limits<int>::max();

std::string names(std::span<const Axis> axes) {
  return axes.empty() ? "none" : joined(axes, ", ", &Axis::name);
}

/// The most ranks that an axis can have beside the other axes; 0 if these alone are too many. Sizes that are
/// wrong whatever the others are do not count.
std::int64_t room_beside(std::size_t axis, std::span<const Axis> axes) {
  std::int64_t room = max_world_size;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (i != axis && axes[i].size >= 1 && axes[i].size <= max_world_size) room /= axes[i].size;
  }
  return room;
}

std::vector<Diagnostic> check_axes(std::span<const Axis> axes) {
  std::vector<Diagnostic> diagnostics;
  std::set<std::string_view> seen;
  std::int64_t product = 1;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const Axis& axis = axes[i];
    const auto refuse = [&](std::string rule, std::vector<std::int64_t> nearest) {
      diagnostics.push_back({axis.name.empty() ? "axis " + std::to_string(i) : axis.name,
                             std::to_string(axis.size), std::move(rule), std::move(nearest)});
    };
    if (axis.name.empty()) refuse("has no name", {});
    if (!seen.insert(axis.name).second) refuse("repeats the name of another axis", {});
    if (axis.size < 1) {
      refuse("is below 1",
             room_beside(i, axes) >= 1 ? std::vector<std::int64_t>{1} : std::vector<std::int64_t>());
    } else if (axis.size > max_world_size / product) {
      const std::int64_t room = room_beside(i, axes);
      refuse("makes the world larger than 2147483647 ranks",
             room >= 1 ? std::vector{room} : std::vector<std::int64_t>());
    } else {
      product *= axis.size;
    }
  }
  return diagnostics;
}

}  // namespace

Mesh::Mesh(std::vector<Axis> axes) : axes_(std::move(axes)) {
  if (auto diagnostics = check_axes(axes_); !diagnostics.empty()) throw ConfigError(std::move(diagnostics));
  for (const Axis& axis : axes_) {
    strides_.push_back(world_size_);
    world_size_ *= static_cast<int>(axis.size);
  }
}

std::optional<std::size_t> Mesh::find(std::string_view axis) const noexcept {
  const auto found = std::find_if(axes_.begin(), axes_.end(), [&](const Axis& a) { return a.name == axis; });
  if (found == axes_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - axes_.begin());
}

std::size_t Mesh::require(std::string_view axis) const {
  if (const auto found = find(axis)) return *found;
  throw RangeError("there is no axis \"" + std::string(axis) + "\"; the mesh has " + names(axes_));
}

void Mesh::require_rank(int rank) const {
  if (rank >= 0 && rank < world_size_) return;
  throw RangeError("rank " + std::to_string(rank) + " does not exist: the world has " +
                   counted(world_size_, "rank") + ", 0 .. " + std::to_string(world_size_ - 1));
}

int Mesh::size(std::string_view axis) const {
  return static_cast<int>(axes_[require(axis)].size);
}

int Mesh::stride(std::string_view axis) const {
  return strides_[require(axis)];
}

int Mesh::coordinate_at(int rank, std::size_t axis) const noexcept {
  return rank / strides_[axis] % static_cast<int>(axes_[axis].size);
}

int Mesh::coordinate(int rank, std::string_view axis) const {
  require_rank(rank);
  return coordinate_at(rank, require(axis));
}

std::vector<int> Mesh::coordinates(int rank) const {
  require_rank(rank);
  std::vector<int> result(axes_.size());
  for (std::size_t axis = 0; axis < axes_.size(); ++axis) result[axis] = coordinate_at(rank, axis);
  return result;
}

int Mesh::rank_at(std::span<const int> coordinates) const {
  if (coordinates.size() != axes_.size()) {
    throw RangeError(counted(coordinates.size(), "coordinate") + " given, the mesh has " +
                     counted(axes_.size(), "axis") + ": " + names(axes_));
  }
  int rank = 0;
  for (std::size_t axis = 0; axis < axes_.size(); ++axis) {
    if (coordinates[axis] < 0 || coordinates[axis] >= axes_[axis].size) {
      throw RangeError("coordinate " + axes_[axis].name + " = " + std::to_string(coordinates[axis]) +
                       " does not exist: the axis has " + counted(axes_[axis].size, "value"));
    }
    rank += coordinates[axis] * strides_[axis];
  }
  return rank;
}

std::vector<std::size_t> Mesh::require_all(std::span<const std::string_view> axes) const {
  std::vector<Diagnostic> diagnostics;
  std::vector<std::size_t> result;
  result.reserve(axes.size());
  for (const std::string_view name : axes) {
    const auto refuse = [&](std::string rule) {
      diagnostics.push_back({.field = "axis", .value = std::string(name), .rule = std::move(rule)});
    };
    const auto axis = find(name);
    if (!axis) {
      refuse("is not an axis of the mesh, which has " + names(axes_));
    } else if (std::find(result.begin(), result.end(), *axis) != result.end()) {
      refuse("is given twice");
    } else {
      result.push_back(*axis);
    }
  }
  if (!diagnostics.empty()) throw ConfigError(std::move(diagnostics));
  return result;
}

std::vector<std::size_t> Mesh::require_all(std::span<const std::string> axes) const {
  return require_all(std::vector<std::string_view>(axes.begin(), axes.end()));
}

std::vector<std::size_t> Mesh::others(std::span<const std::size_t> axes) const {
  std::vector<std::size_t> result;
  result.reserve(axes_.size());
  for (std::size_t axis = 0; axis < axes_.size(); ++axis) {
    if (std::find(axes.begin(), axes.end(), axis) == axes.end()) result.push_back(axis);
  }
  return result;
}

Grouping Mesh::grouping(std::span<const std::size_t> inside, std::span<const std::size_t> outside) const {
  std::vector<Digit> digits;
  digits.reserve(inside.size() + outside.size());
  for (const auto side : {inside, outside}) {
    for (const std::size_t axis : side) digits.push_back({axes_[axis].size, strides_[axis]});
  }
  const std::span all(digits);
  return {all.first(inside.size()), all.subspan(inside.size())};
}

GroupFamily Mesh::family(std::span<const std::string_view> varying) const {
  std::vector<std::size_t> inside = require_all(varying);
  std::sort(inside.begin(), inside.end());
  return GroupFamily(grouping(inside, others(inside)));
}

std::vector<std::string> Mesh::complement(std::span<const std::string> axes) const {
  std::vector<std::string> result;
  for (const std::size_t axis : others(require_all(axes))) result.push_back(axes_[axis].name);
  return result;
}

Mesh Mesh::flatten(std::span<const std::string> axes, std::string name) const {
  std::vector<std::size_t> merged = require_all(axes);
  std::sort(merged.begin(), merged.end());
  if (merged.empty() || merged.back() - merged.front() + 1 != merged.size()) {
    throw ConfigError({{.field = "flatten",
                        .value = joined(axes, "+"),
                        .rule = "are no neighbours in " + to_string() +
                                ": merge neighbours, or let them vary together in a kind of group"}});
  }
  std::vector<Axis> result(axes_.begin(), axes_.begin() + static_cast<std::ptrdiff_t>(merged.front()));
  std::int64_t size = 1;
  for (const std::size_t axis : merged) size *= axes_[axis].size;
  result.push_back({std::move(name), size});
  result.insert(result.end(), axes_.begin() + static_cast<std::ptrdiff_t>(merged.back()) + 1, axes_.end());
  return Mesh(std::move(result));
}

Mesh Mesh::unflatten(std::string_view axis, std::vector<Axis> parts) const {
  const std::size_t split = require_all(std::array{axis}).front();
  parts = fill_in(std::move(parts), axes_[split].size);
  // The mesh of the parts alone throws for an invalid size or name.
  if (const Mesh alone(parts); alone.world_size() != axes_[split].size) {
    throw ConfigError(
        {{.field = "unflatten",
          .value = alone.to_string(),
          .rule = "does not multiply to " + axes_[split].name + " = " + std::to_string(axes_[split].size)}});
  }
  std::vector<Axis> result(axes_.begin(), axes_.begin() + static_cast<std::ptrdiff_t>(split));
  result.insert(result.end(), parts.begin(), parts.end());
  result.insert(result.end(), axes_.begin() + static_cast<std::ptrdiff_t>(split) + 1, axes_.end());
  return Mesh(std::move(result));
}

std::string Mesh::to_string() const {
  return joined(axes_, " ", [](const Axis& axis) { return axis.name + "=" + std::to_string(axis.size); });
}

std::vector<Axis> fill_in(std::vector<Axis> axes, std::optional<std::int64_t> world_size) {
  const auto is_open = [](const Axis& axis) { return axis.size == -1; };
  const auto open = std::find_if(axes.begin(), axes.end(), is_open);
  if (open == axes.end()) return axes;
  const auto refuse = [&](std::string rule) {
    throw ConfigError({{.field = open->name, .value = "-1", .rule = std::move(rule)}});
  };
  if (std::count_if(axes.begin(), axes.end(), is_open) > 1) {
    refuse("is not the only size of -1: one at most can be what the others leave");
  }
  if (!world_size) refuse("is what the others leave of the world, whose size is not given");
  std::int64_t product = 1;
  for (const Axis& axis : axes) {
    if (is_open(axis) || axis.size < 1) continue;
    // A product above the world size cannot divide it. The mesh reports sizes below 1.
    product = axis.size > *world_size / product ? *world_size + 1 : product * axis.size;
  }
  if (*world_size < 1 || *world_size % product != 0) {
    refuse("cannot be filled in: the other sizes do not divide a world of " + std::to_string(*world_size));
  }
  open->size = *world_size / product;
  return axes;
}

}  // namespace rankmesh
