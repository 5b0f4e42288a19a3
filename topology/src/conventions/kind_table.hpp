#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/topology.hpp"

namespace rankmesh {

/// One kind of a convention: its name, and the axes of a mesh that vary or the kind that it is made from.
/// Adding a kind is adding a row.
struct KindRow {
  std::string kind{};
  /// The mesh, and the axes of it that vary. Axes that the mesh does not have are of size one, and left out.
  std::size_t mesh = 0;
  std::vector<std::string_view> varying{};
  /// For a kind that is made from another: how, from which row before, and the making.
  Derivation derivation = Derivation::whole;
  std::string_view parent{};
  std::function<GroupFamily(const GroupFamily&)> derive{};
};

/// What a convention makes of a configuration.
struct KindTable {
  std::vector<Mesh> meshes;
  std::vector<KindFamily> kinds;
};

/// The kinds of some rows, placed in the job as the configuration says.
[[nodiscard]] std::vector<KindFamily> make_kinds(std::span<const KindRow> rows, std::span<const Mesh> meshes,
                                                 const ParallelConfig& config);
/// Makes a kind of the members at some positions of each group of another.
[[nodiscard]] std::function<GroupFamily(const GroupFamily&)> pick(std::vector<int> positions);
/// A family of a layout, placed in the job as the configuration says.
[[nodiscard]] GroupFamily placed(const GroupFamily& family, const ParallelConfig& config);

/// The kinds of each convention, in its order of creation.
/// @param config valid
[[nodiscard]] KindTable reference_table(const ParallelConfig& config);
[[nodiscard]] KindTable megatron_core_table(const ParallelConfig& config);
[[nodiscard]] KindTable mesh_table(const ParallelConfig& config);

/// The table of the convention of a configuration.
[[nodiscard]] KindTable kind_table(const ParallelConfig& config);

/// The kind that stands for one which Megatron-Core does not create where both would be equal; empty if there
/// is none.
[[nodiscard]] std::string_view stand_in(std::string_view kind) noexcept;

/// The stages that hold the word embedding: first, split and last, unless the configuration says otherwise.
[[nodiscard]] std::vector<int> embedding_places(const ParallelConfig& config);
/// The stages that hold the position embedding: first and split, unless the configuration says otherwise.
[[nodiscard]] std::vector<int> position_embedding_places(const ParallelConfig& config);

}  // namespace rankmesh
