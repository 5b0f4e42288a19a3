#include "rankmesh/topology/mesh.hpp"

#include <algorithm>
#include <limits>

#include "rankmesh/topology/error.hpp"

namespace rankmesh {
namespace {

constexpr std::int64_t max_world_size = std::numeric_limits<int>::max();

std::string names(std::span<const Axis> axes) {
  std::string text;
  for (const Axis& axis : axes) text += (text.empty() ? "" : ", ") + axis.name;
  return text.empty() ? "none" : text;
}

std::vector<Violation> check_axes(std::span<const Axis> axes) {
  std::vector<Violation> violations;
  std::int64_t product = 1;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const Axis& axis = axes[i];
    const auto refuse = [&](std::string rule, std::vector<std::int64_t> nearest) {
      violations.push_back({axis.name.empty() ? "axis " + std::to_string(i) : axis.name,
                            std::to_string(axis.size), std::move(rule), std::move(nearest)});
    };
    const auto same_name = [&](const Axis& other) { return other.name == axis.name; };
    if (axis.name.empty()) refuse("has no name", {});
    if (std::any_of(axes.begin(), axes.begin() + static_cast<std::ptrdiff_t>(i), same_name)) {
      refuse("repeats the name of another axis", {});
    }
    if (axis.size < 1) {
      refuse("is below 1", {1});
    } else if (axis.size > max_world_size / product) {
      refuse("makes the world larger than 2147483647 ranks", {max_world_size / product});
    } else {
      product *= axis.size;
    }
  }
  return violations;
}

}  // namespace

Mesh::Mesh(std::vector<Axis> axes) : axes_(std::move(axes)) {
  if (auto violations = check_axes(axes_); !violations.empty()) throw ConfigError(std::move(violations));
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
                   std::to_string(world_size_) + " ranks, 0 .. " + std::to_string(world_size_ - 1));
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
    throw RangeError(std::to_string(coordinates.size()) + " coordinates given, the mesh has " +
                     std::to_string(axes_.size()) + " axes: " + names(axes_));
  }
  int rank = 0;
  for (std::size_t axis = 0; axis < axes_.size(); ++axis) {
    if (coordinates[axis] < 0 || coordinates[axis] >= axes_[axis].size) {
      throw RangeError("coordinate " + axes_[axis].name + " = " + std::to_string(coordinates[axis]) +
                       " does not exist: the axis has " + std::to_string(axes_[axis].size) + " values");
    }
    rank += coordinates[axis] * strides_[axis];
  }
  return rank;
}

GroupFamily Mesh::family(std::span<const std::string_view> varying) const {
  std::vector<Violation> violations;
  std::vector<bool> varies(axes_.size(), false);
  for (const std::string_view name : varying) {
    const auto refuse = [&](std::string rule) {
      violations.push_back({.field = "varying axis", .value = std::string(name), .rule = std::move(rule)});
    };
    const auto axis = find(name);
    if (!axis) {
      refuse("is not an axis of the mesh, which has " + names(axes_));
    } else if (varies[*axis]) {
      refuse("is given twice");
    } else {
      varies[*axis] = true;
    }
  }
  if (!violations.empty()) throw ConfigError(std::move(violations));

  std::vector<Digit> inside;
  std::vector<Digit> outside;
  for (std::size_t axis = 0; axis < axes_.size(); ++axis) {
    (varies[axis] ? inside : outside).push_back({axes_[axis].size, strides_[axis]});
  }
  return GroupFamily(Grouping(inside, outside));
}

std::string Mesh::to_string() const {
  std::string text;
  for (const Axis& axis : axes_)
    text += (text.empty() ? "" : " ") + axis.name + "=" + std::to_string(axis.size);
  return text;
}

}  // namespace rankmesh
