#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/group_family.hpp"
#include "rankmesh/topology/group_kind.hpp"
#include "rankmesh/topology/mesh.hpp"
#include "rankmesh/topology/parallel_config.hpp"
#include "rankmesh/topology/pipeline.hpp"
#include "rankmesh/topology/rank_list.hpp"

namespace rankmesh {

/// The groups of one kind, and what they are made from.
struct KindFamily {
  GroupKind kind;
  GroupFamily family;
  /// The mesh whose axes vary, a place in `Topology::meshes()`.
  std::size_t mesh = 0;
  /// The axes that vary inside a group, or inside a group of the kind it is picked from.
  std::vector<std::string> varying{};
  /// The kind whose groups this one picks members from; nothing where it holds whole groups.
  std::optional<GroupKind> picked_from{};

  bool operator==(const KindFamily&) const = default;
};

/// A validated configuration and every group that follows from it.
///
///     const rankmesh::Topology topology({.world_size = 16, .tensor = 2, .pipeline = 4});
///     for (int rank : topology.group_of(rankmesh::GroupKind::data, 5)) ...   // 5, 7
///
/// A regular value that costs O(number of kinds) to make, whatever the world size. All questions are O(1) in
/// the world size and allocate nothing; lists exist only where a caller copies or enumerates them.
class Topology {
 public:
  /// @throws ConfigError listing every violation, see `check`
  explicit Topology(const ParallelConfig& config);

  [[nodiscard]] const ParallelConfig& config() const noexcept { return config_; }
  [[nodiscard]] int world_size() const noexcept { return mesh().world_size(); }
  /// The axes `tp`, `sp`, `dp` and `pp` with their sizes, the leftmost varying fastest.
  [[nodiscard]] const Mesh& mesh() const noexcept { return meshes_.front(); }
  /// `mesh()`, and the other views of the world that kinds are made from.
  [[nodiscard]] std::span<const Mesh> meshes() const noexcept { return meshes_; }

  /// The kinds of this topology in the order of creation, the same on every rank.
  [[nodiscard]] std::span<const KindFamily> kinds() const noexcept { return kinds_; }
  /// The groups of a kind; nothing if this topology has none (`amax` without fp8).
  [[nodiscard]] const GroupFamily* find(GroupKind kind) const noexcept;
  /// The groups of a kind.
  /// @throws RangeError if this topology has none, listing the kinds it has
  [[nodiscard]] const GroupFamily& family(GroupKind kind) const;
  /// The group of a kind that holds a rank.
  /// @throws RangeError if this topology has no such kind, or no group of it holds the rank
  [[nodiscard]] RankList group_of(GroupKind kind, int rank) const&;
  RankList group_of(GroupKind kind, int rank) const&& = delete;

  [[nodiscard]] const Pipeline& pipeline() const noexcept { return pipeline_; }

  bool operator==(const Topology& other) const { return config_ == other.config_; }

 private:
  ParallelConfig config_;
  std::vector<Mesh> meshes_;
  std::vector<KindFamily> kinds_;
  Pipeline pipeline_;
};

/// What a user should know about a valid configuration: quirks of the reference that it meets and that an
/// option would mend. One sentence each; empty for most configurations.
[[nodiscard]] std::vector<std::string> warnings(const Topology& topology);

}  // namespace rankmesh
