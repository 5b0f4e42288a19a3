// The families that a GroupSpec describes.

#include <algorithm>
#include <string>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/mesh.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

/// Adds a diagnostic unless a coordinate, from 0, exists along an axis.
bool check_coordinate(const Axis& axis, std::int64_t coordinate, std::int64_t written,
                      std::vector<Diagnostic>& diagnostics) {
  if (coordinate >= 0 && coordinate < axis.size) return true;
  diagnostics.push_back({axis.name,
                         std::to_string(written),
                         "is no coordinate: the axis has " + counted(axis.size, "value"),
                         {coordinate < 0 ? 0 : axis.size - 1}});
  return false;
}

/// The coordinates of an axis that a group keeps, from 0 and each once; all of them if none were picked.
std::vector<int> kept_coordinates(const Axis& axis, const GroupSpec& groups,
                                  std::vector<Diagnostic>& diagnostics) {
  std::vector<int> kept;
  const auto picked = std::find_if(groups.picked.begin(), groups.picked.end(),
                                   [&](const PickedCoordinates& p) { return p.axis == axis.name; });
  if (picked == groups.picked.end()) {
    for (int coordinate = 0; coordinate < axis.size; ++coordinate) kept.push_back(coordinate);
    return kept;
  }
  for (const std::int64_t written : picked->values) {
    const std::int64_t coordinate = written < 0 ? axis.size + written : written;
    if (!check_coordinate(axis, coordinate, written, diagnostics)) continue;
    const int value = static_cast<int>(coordinate);
    if (std::find(kept.begin(), kept.end(), value) == kept.end()) kept.push_back(value);
  }
  if (picked->values.empty()) diagnostics.push_back({axis.name, "", "has no coordinates to pick", {}});
  return kept;
}

/// The positions that a group keeps, in the order of its members.
/// @param inside the axes that vary, fastest first
std::vector<int> kept_positions(std::span<const Axis> inside, const GroupSpec& groups) {
  std::vector<Diagnostic> diagnostics;
  for (const PickedCoordinates& picked : groups.picked) {
    if (std::none_of(inside.begin(), inside.end(), [&](const Axis& a) { return a.name == picked.axis; }))
      diagnostics.push_back({picked.axis, "", "does not vary, so no coordinates can be picked", {}});
  }
  std::vector<int> positions{0};
  int stride = 1;
  for (const Axis& axis : inside) {
    const std::vector<int> kept = kept_coordinates(axis, groups, diagnostics);
    std::vector<int> next;
    next.reserve(kept.size() * positions.size());
    for (const int coordinate : kept) {
      for (const int position : positions) next.push_back(position + coordinate * stride);
    }
    positions = std::move(next);
    stride *= static_cast<int>(axis.size);
  }
  if (!diagnostics.empty()) throw ConfigError(std::move(diagnostics));
  return positions;
}

GroupFamily divided(const GroupFamily& family, const GroupDivision& division) {
  const int size = family.group_size();
  const std::int64_t number = division.number;
  if (number < 1 || size % number != 0) {
    throw ConfigError({{.field = division.kind == GroupDivision::Kind::pieces ? "pieces of" : "every",
                        .value = std::to_string(number),
                        .rule = "does not divide groups of " + counted(size, "rank")}});
  }
  if (division.kind == GroupDivision::Kind::pieces) return family.cut(static_cast<int>(number));
  const Digit inside[] = {{size / number, number}};
  const Digit outside[] = {{number, 1}};
  return family.split(Grouping(inside, outside));
}

}  // namespace

GroupFamily Mesh::family(const GroupSpec& groups) const {
  std::vector<std::string_view> named(groups.varying.begin(), groups.varying.end());
  for (const Coordinate& fixed : groups.at) named.emplace_back(fixed.axis);
  named.insert(named.end(), groups.numbering.begin(), groups.numbering.end());
  const std::vector<std::size_t> axes = require_all(named);
  const std::size_t inside_count = groups.varying.size();
  const std::size_t fixed_count = groups.at.size();

  std::vector<std::size_t> inside(axes.begin(), axes.begin() + static_cast<std::ptrdiff_t>(inside_count));
  if (!groups.in_written_order) std::sort(inside.begin(), inside.end());
  const auto fixed = std::span(axes).subspan(inside_count, fixed_count);
  const auto numbering = std::span(axes).subspan(inside_count + fixed_count);

  // The fixed axes are the slowest, so that the groups at the fixed coordinates are consecutive.
  std::vector<std::size_t> outside(numbering.begin(), numbering.end());
  for (const std::size_t axis : others(axes)) outside.push_back(axis);
  int sliced = 1;
  for (const std::size_t axis : outside) sliced *= static_cast<int>(axes_[axis].size);
  int first = 0;
  int groups_before = sliced;
  std::vector<Diagnostic> diagnostics;
  for (std::size_t i = 0; i < fixed_count; ++i) {
    const Axis& axis = axes_[fixed[i]];
    const std::int64_t value = groups.at[i].value;
    if (!check_coordinate(axis, value, value, diagnostics)) continue;
    first += static_cast<int>(value) * groups_before;
    groups_before *= static_cast<int>(axis.size);
    outside.push_back(fixed[i]);
  }
  if (!diagnostics.empty()) throw ConfigError(std::move(diagnostics));

  GroupFamily family(grouping(inside, outside));
  int parts = 1;
  if (groups.division.kind != GroupDivision::Kind::none) {
    if (!groups.picked.empty())
      throw ConfigError(
          {Diagnostic{.field = "groups", .rule = "cannot be divided where coordinates are picked"}});
    const int whole = family.group_count();
    family = divided(family, groups.division);
    parts = family.group_count() / whole;
  } else if (!groups.picked.empty()) {
    std::vector<Axis> varying;
    for (const std::size_t axis : inside) varying.push_back(axes_[axis]);
    family = family.pick(kept_positions(varying, groups));
  }
  return family.slice(first * parts, sliced * parts);
}

}  // namespace rankmesh
