#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/group_family.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// One degree of parallelism: `tp` tensor, `sp` sequence, `dp` data, `pp` pipeline, or any other name.
struct Axis {
  /// What it is called.
  std::string name{};
  /// Ranks along it.
  std::int64_t size = 1;

  bool operator==(const Axis&) const = default;
};

/// A value along an axis.
struct Coordinate {
  /// The axis.
  std::string axis{};
  /// From 0.
  std::int64_t value = 0;

  bool operator==(const Coordinate&) const = default;
};

/// Which groups a mesh makes: the axes that vary inside a group, and what becomes of the others.
struct GroupSpec {
  /// The axes that vary inside a group, in any order: members are always in the order of the mesh.
  std::vector<std::string> varying{};
  /// Coordinates that are fixed: only the groups there, a slice of the mesh. The other ranks are in no group.
  std::vector<Coordinate> at{};
  /// The axes that number the groups, fastest first; those left out follow in the order of the mesh.
  std::vector<std::string> numbering{};

  bool operator==(const GroupSpec&) const = default;
};

/// The world as a grid: named axes, the leftmost varying fastest from rank to rank.
///
///     rank = c[0] + size[0] * (c[1] + size[1] * (c[2] + ...))
class Mesh {
 public:
  /// @throws ConfigError listing every axis with an empty or repeated name or a size below 1, and a world of
  ///         more than 2^31 - 1 ranks
  explicit Mesh(std::vector<Axis> axes);

  /// The number of ranks: the product of the sizes of the axes.
  [[nodiscard]] int world_size() const noexcept { return world_size_; }
  /// The axes, leftmost fastest.
  [[nodiscard]] std::span<const Axis> axes() const noexcept { return axes_; }

  /// The place of an axis in `axes()`; nothing if there is none of that name.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view axis) const noexcept;
  /// The size of an axis.
  /// @throws RangeError if there is none of that name, listing those that are
  [[nodiscard]] int size(std::string_view axis) const;
  /// By how much the rank grows along an axis.
  /// @throws RangeError if there is none of that name, listing those that are
  [[nodiscard]] int stride(std::string_view axis) const;

  /// The coordinate of a rank along an axis, 0 .. size - 1. O(1) but for finding the name; allocates nothing.
  /// @throws RangeError if there is no such rank or axis
  [[nodiscard]] int coordinate(int rank, std::string_view axis) const;
  /// The coordinates of a rank, in the order of the axes.
  /// @throws RangeError if there is no such rank
  [[nodiscard]] std::vector<int> coordinates(int rank) const;
  /// The rank at some coordinates, the inverse of `coordinates`.
  /// @throws RangeError if a coordinate is missing, too many or out of range
  [[nodiscard]] int rank_at(std::span<const int> coordinates) const;

  /// The family in whose groups some axes vary; the others number the groups. Members and groups alike are in
  /// the order of the mesh, leftmost axis fastest, in whatever order the axes are given.
  /// @throws ConfigError listing every unknown or repeated axis
  [[nodiscard]] GroupFamily family(std::span<const std::string_view> varying) const;
  /// Likewise, for names written down.
  [[nodiscard]] GroupFamily family(std::initializer_list<std::string_view> varying) const {
    return family(std::span(varying.begin(), varying.size()));
  }

  /// The same with groups at fixed coordinates only, or numbered in another order.
  /// @throws ConfigError listing every axis that is unknown or named more than once, and every coordinate
  ///         outside its axis
  [[nodiscard]] GroupFamily family(const GroupSpec& groups) const;

  /// The axes that are not among these, in the order of the mesh: what varies in the groups that meet those
  /// of `axes` in one rank each.
  /// @throws ConfigError listing every unknown or repeated axis
  [[nodiscard]] std::vector<std::string> complement(std::span<const std::string> axes) const;
  /// The same ranks with some neighbouring axes merged into one.
  /// @param axes neighbours in the mesh, in any order
  /// @throws ConfigError if they are no neighbours, listing every unknown or repeated axis, or if another
  ///         axis has that name already
  [[nodiscard]] Mesh flatten(std::span<const std::string> axes, std::string name) const;
  /// The same ranks with one axis split into several, the leftmost of them fastest. One size may be -1: what
  /// the others leave.
  /// @throws ConfigError if the sizes do not multiply to that of the axis, or a name is in use
  [[nodiscard]] Mesh unflatten(std::string_view axis, std::vector<Axis> parts) const;

  /// `tp=2 dp=2 pp=4`, leftmost fastest.
  [[nodiscard]] std::string to_string() const;

  bool operator==(const Mesh&) const = default;

 private:
  /// The places of axes, in the order of the names.
  [[nodiscard]] std::vector<std::size_t> require_all(std::span<const std::string_view> axes) const;
  [[nodiscard]] std::vector<std::size_t> require_all(std::span<const std::string> axes) const;
  /// The places of all axes but some, in the order of the mesh.
  [[nodiscard]] std::vector<std::size_t> others(std::span<const std::size_t> axes) const;
  [[nodiscard]] Grouping grouping(std::span<const std::size_t> inside,
                                  std::span<const std::size_t> outside) const;
  [[nodiscard]] std::size_t require(std::string_view axis) const;
  void require_rank(int rank) const;
  [[nodiscard]] int coordinate_at(int rank, std::size_t axis) const noexcept;

  std::vector<Axis> axes_;
  std::vector<int> strides_;
  int world_size_ = 1;
};

/// The axes with a size of -1 replaced by what the others leave of the world.
/// @param world_size ranks of the world; without, no size may be -1
/// @throws ConfigError if more than one size is -1, or the others do not divide the world
[[nodiscard]] std::vector<Axis> fill_in(std::vector<Axis> axes, std::optional<std::int64_t> world_size);

}  // namespace rankmesh
