#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "rankmesh/topology/topology.hpp"

namespace rankmesh {

/// One kind of group of a convention. Adding a kind is adding a row; conditions and derivations are functions
/// without captures, so that a table is a constant.
struct KindRow {
  /// The kind's name and Megatron-Core's name for it.
  std::string_view name{};
  std::string_view short_name{};
  /// The mesh of the convention, and the axes of it that vary inside a group, written `tp+dp` as in the text
  /// form of a mesh kind. Axes that the mesh lacks have size one and are ignored.
  std::size_t mesh = 0;
  std::string_view varying{};
  /// Whether a configuration has the kind; every configuration has it if there is no condition.
  bool (*exists)(const ParallelConfig& config) = nullptr;
  /// The kind that has the same groups where `exists` is false: `Topology::find` then returns that kind.
  std::string_view alias_of{};
  /// For a kind derived from another: how, from which row above, and the function that derives the groups.
  Derivation derivation = Derivation::whole;
  std::string_view parent{};
  GroupFamily (*derive)(const GroupFamily& parent, const ParallelConfig& config,
                        std::int64_t number) = nullptr;
  /// For a row that stands for several kinds, `hierarchical_context_0`, `hierarchical_context_1`, ...: their
  /// numbers. `derive` is called with each of them.
  std::vector<std::int64_t> (*numbers)(const GroupFamily& parent, const ParallelConfig& config) = nullptr;
};

/// Whether each derived kind of a table names a parent that every configuration has, in a row above its own,
/// and says how its groups are derived. Checked when the tables are compiled.
consteval bool has_sound_parents(std::span<const KindRow> rows) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].derivation == Derivation::whole) continue;
    bool has_parent = false;
    for (const KindRow& above : rows.first(i))
      has_parent |= above.name == rows[i].parent && above.exists == nullptr;
    if (!has_parent || rows[i].derive == nullptr) return false;
  }
  return true;
}

/// The kinds of a convention in its order of creation.
[[nodiscard]] std::span<const KindRow> reference_rows() noexcept;
[[nodiscard]] std::span<const KindRow> megatron_core_rows() noexcept;
/// The meshes of a valid configuration, which the rows name by their index.
[[nodiscard]] std::vector<Mesh> reference_meshes(const ParallelConfig& config);
[[nodiscard]] std::vector<Mesh> megatron_core_meshes(const ParallelConfig& config);

/// The meshes and kinds of one configuration.
struct KindTable {
  std::vector<Mesh> meshes;
  std::vector<KindFamily> kinds;
};

/// The kinds of a configuration in the order of creation of its convention.
/// @param config valid
[[nodiscard]] KindTable kind_table(const ParallelConfig& config);
/// The kinds of the convention alone, without those of the user's own.
/// @param config valid, except for meshes and kinds of the user's own
[[nodiscard]] KindTable convention_table(const ParallelConfig& config);
/// Adds the meshes and kinds of the user's own.
void add_own_kinds(const ParallelConfig& config, KindTable& table);

/// A family of the layout's own ranks, placed in the job as the configuration says.
[[nodiscard]] GroupFamily placed(const GroupFamily& family, const ParallelConfig& config);

/// The kind that has the groups of a Megatron-Core kind where Megatron-Core does not create it; empty for
/// other kinds.
[[nodiscard]] std::string_view alias_of(std::string_view kind) noexcept;

/// Derives the embedding groups from the pipeline groups: the first, split and last stage, unless the
/// configuration lists stages.
[[nodiscard]] GroupFamily pick_embedding_stages(const GroupFamily& pipeline, const ParallelConfig& config,
                                                std::int64_t);
/// Derives the position embedding groups: the first and the split stage, unless the configuration lists
/// stages.
[[nodiscard]] GroupFamily pick_position_embedding_stages(const GroupFamily& pipeline,
                                                         const ParallelConfig& config, std::int64_t);

}  // namespace rankmesh
