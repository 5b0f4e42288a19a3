#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "lists.hpp"
#include "rankmesh/topology/mesh.hpp"

namespace rankmesh::tests {

/// Calls `visit` with every combination of coordinates of the axes whose turn it is, leftmost fastest; the
/// other coordinates stay as they are.
template <typename Visit>
void for_each_coordinates(const std::vector<Axis>& axes, const std::vector<bool>& turn,
                          std::vector<int>& coordinates, std::size_t axes_left, const Visit& visit) {
  if (axes_left == 0) return visit();
  const std::size_t axis = axes_left - 1;
  if (!turn[axis]) return for_each_coordinates(axes, turn, coordinates, axis, visit);
  for (int value = 0; value < axes[axis].size; ++value) {
    coordinates[axis] = value;
    for_each_coordinates(axes, turn, coordinates, axis, visit);
  }
}

/// The groups of a mesh in which some axes vary: one loop per axis that numbers the groups around one loop
/// per axis that varies, and the rank from the definition of a mesh.
inline Lists mesh_lists(const std::vector<Axis>& axes, const std::vector<std::string>& varying) {
  std::vector<bool> inside;
  for (const Axis& axis : axes) {
    inside.push_back(std::find(varying.begin(), varying.end(), axis.name) != varying.end());
  }
  std::vector<bool> outside = inside;
  outside.flip();

  Lists lists;
  std::vector<int> coordinates(axes.size(), 0);
  for_each_coordinates(axes, outside, coordinates, axes.size(), [&] {
    std::vector<int> group;
    for_each_coordinates(axes, inside, coordinates, axes.size(), [&] {
      int rank = 0;
      for (std::size_t axis = axes.size(); axis-- > 0;) {
        rank = coordinates[axis] + static_cast<int>(axes[axis].size) * rank;
      }
      group.push_back(rank);
    });
    lists.push_back(group);
  });
  return lists;
}

}  // namespace rankmesh::tests
