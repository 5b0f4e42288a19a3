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
  /// The axis's name.
  std::string name{};
  /// The number of ranks along the axis.
  std::int64_t size = 1;

  bool operator==(const Axis&) const = default;
};

/// A value along an axis.
struct Coordinate {
  /// The axis.
  std::string axis{};
  /// The value, from 0.
  std::int64_t value = 0;

  bool operator==(const Coordinate&) const = default;
};

/// Some of the coordinates along an axis: the other members are in no group.
struct PickedCoordinates {
  /// The axis, which varies inside a group.
  std::string axis{};
  /// The coordinates in the order of the members. Negative ones count from the end, -1 is the last. One that
  /// is named twice in this way counts once.
  std::vector<std::int64_t> values{};

  bool operator==(const PickedCoordinates&) const = default;
};

/// How groups are divided further.
struct GroupDivision {
  /// Whether and how.
  enum class Kind {
    /// Groups stay whole.
    none,
    /// Into pieces of `number` consecutive members each.
    pieces,
    /// Into `number` groups, of which each has every `number`-th member.
    strides,
  };

  /// Whether and how.
  Kind kind = Kind::none;
  /// Divides the size of a group.
  std::int64_t number = 1;

  bool operator==(const GroupDivision&) const = default;
};

/// The groups of a mesh: the axes that vary inside a group, those that are fixed, and those that number the
/// groups.
struct GroupSpec {
  /// The axes that vary inside a group.
  std::vector<std::string> varying{};
  /// Fixed coordinates: only the groups at these coordinates exist, and the other ranks are in no group.
  std::vector<Coordinate> at{};
  /// The axes that number the groups, fastest first. Axes that are not listed follow in the order of the
  /// mesh.
  std::vector<std::string> numbering{};
  /// Whether the first axis of `varying` is the fastest inside a group, and so on. Otherwise members are in
  /// the order of the mesh.
  bool in_written_order = false;
  /// Axes of `varying` of which only some coordinates are kept.
  std::vector<PickedCoordinates> picked{};
  /// How groups are divided; not together with `picked`. The parts of a group are numbered consecutively.
  GroupDivision division{};

  bool operator==(const GroupSpec&) const = default;
};

/// The world as a grid of named axes. The leftmost axis varies fastest from rank to rank.
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
  [[nodiscard]] std::span<const Axis> axes() const& noexcept { return axes_; }
  std::span<const Axis> axes() const&& = delete;

  /// The index of an axis in `axes()`; nothing if there is no axis of that name.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view axis) const noexcept;
  /// The size of an axis.
  /// @throws RangeError listing the axes, if there is no axis of that name
  [[nodiscard]] int size(std::string_view axis) const;
  /// What a step along an axis adds to the rank.
  /// @throws RangeError listing the axes, if there is no axis of that name
  [[nodiscard]] int stride(std::string_view axis) const;

  /// The coordinate of a rank along an axis, 0 .. size - 1. O(number of axes); allocates nothing.
  /// @throws RangeError if there is no such rank or axis
  [[nodiscard]] int coordinate(int rank, std::string_view axis) const;
  /// The coordinates of a rank, in the order of the axes.
  /// @throws RangeError if there is no such rank
  [[nodiscard]] std::vector<int> coordinates(int rank) const;
  /// The rank at coordinates, the inverse of `coordinates`.
  /// @throws RangeError if there is not one coordinate for each axis, or one is out of range
  [[nodiscard]] int rank_at(std::span<const int> coordinates) const;

  /// The family in whose groups some axes vary; the other axes number the groups. Members and groups are in
  /// the order of the mesh, leftmost axis fastest, for any order of the arguments.
  /// @post for `varying` = {"tp", "pp"} on tp=2 dp=2 pp=4, group 0 is 0 1 4 5 8 9 12 13
  /// @throws ConfigError listing every unknown or repeated axis
  [[nodiscard]] GroupFamily family(std::span<const std::string_view> varying) const;
  /// `family(varying)`, for a list in braces.
  [[nodiscard]] GroupFamily family(std::initializer_list<std::string_view> varying) const {
    return family(std::span(varying.begin(), varying.size()));
  }

  /// The family that a `GroupSpec` describes.
  /// @throws ConfigError listing every axis that is unknown or named more than once, and every coordinate
  ///         outside its axis; if picked coordinates are of an axis that does not vary, or if the division
  ///         does not divide the groups
  [[nodiscard]] GroupFamily family(const GroupSpec& groups) const;

  /// The other axes, in the order of the mesh. A group in which these vary and a group in which `axes` vary
  /// have exactly one rank in common.
  /// @throws ConfigError listing every unknown or repeated axis
  [[nodiscard]] std::vector<std::string> complement(std::span<const std::string> axes) const;
  /// The same ranks with some neighbouring axes merged into one.
  /// @param axes neighbours in the mesh, in any order
  /// @post the coordinate along the merged axis counts through the coordinates of `axes`, leftmost fastest
  /// @throws ConfigError listing every unknown or repeated axis, or if the axes are not neighbours, or if
  ///         another axis has the name
  [[nodiscard]] Mesh flatten(std::span<const std::string> axes, std::string name) const;
  /// The same ranks with one axis split into several, the leftmost of them fastest; the inverse of `flatten`.
  /// One size may be -1: the size that remains for it.
  /// @throws ConfigError if the sizes do not multiply to that of the axis, or a name is in use
  [[nodiscard]] Mesh unflatten(std::string_view axis, std::vector<Axis> parts) const;

  /// `tp=2 dp=2 pp=4`, leftmost fastest.
  [[nodiscard]] std::string to_string() const;

  bool operator==(const Mesh&) const = default;

 private:
  /// The indices of axes, in the order of the names.
  [[nodiscard]] std::vector<std::size_t> require_all(std::span<const std::string_view> axes) const;
  [[nodiscard]] std::vector<std::size_t> require_all(std::span<const std::string> axes) const;
  /// The indices of all other axes, in the order of the mesh.
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

/// The axes, with a size of -1 replaced by the world size divided by the other sizes.
/// @param world_size the number of ranks; if it is missing, no size may be -1
/// @throws ConfigError if more than one size is -1, or the others do not divide the world
[[nodiscard]] std::vector<Axis> fill_in(std::vector<Axis> axes, std::optional<std::int64_t> world_size);

}  // namespace rankmesh
