#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/group_family.hpp"
#include "rankmesh/topology/group_kind.hpp"
#include "rankmesh/topology/mesh.hpp"
#include "rankmesh/topology/parallel_config.hpp"
#include "rankmesh/topology/pipeline.hpp"
#include "rankmesh/topology/rank_list.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// How the groups of a kind come to be.
enum class Derivation {
  /// Some axes of a mesh vary in them.
  whole,
  /// Members picked from each group of another kind: the first and the last, say.
  picked,
  /// Parts that each group of another kind is split into.
  split,
  /// Runs of consecutive groups of another kind, joined.
  joined,
};

/// The groups of one kind, and what they are made from.
struct KindFamily {
  /// What it is called here.
  GroupKind kind;
  /// What users of Megatron-Core call it, in its NCCL configuration files for one: `tp` for `tensor`.
  GroupKind short_name;
  /// Its groups.
  GroupFamily family;
  /// The mesh whose axes vary, a place in `Topology::meshes()`.
  std::size_t mesh = 0;
  /// The axes that vary inside a group, or inside a group of the kind it is derived from.
  std::vector<std::string> varying{};
  /// How it comes to be.
  Derivation derivation = Derivation::whole;
  /// The kind it is derived from; nothing where it holds whole groups.
  std::optional<GroupKind> parent{};

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
  /// @throws ConfigError listing every diagnostic, see `check`
  explicit Topology(const ParallelConfig& config);

  /// What it was made from.
  [[nodiscard]] const ParallelConfig& config() const noexcept { return config_; }
  /// The ranks of the job: those of the layout, unless it is placed among others.
  [[nodiscard]] int world_size() const noexcept { return pipeline_.groups().world_size(); }
  /// The rank of the job that is the first of the layout.
  [[nodiscard]] int first_rank() const noexcept { return pipeline_.groups().first_rank(); }
  /// The ranks of the layout, first_rank() .. first_rank() + layout_size() - 1.
  [[nodiscard]] int layout_size() const noexcept { return mesh().world_size(); }
  /// Whether a rank of the job belongs to the layout.
  [[nodiscard]] bool contains(int rank) const noexcept {
    return rank >= first_rank() && rank - first_rank() < layout_size();
  }
  /// The axes with their sizes, the leftmost varying fastest, numbering the ranks of the layout from 0.
  [[nodiscard]] const Mesh& mesh() const noexcept { return meshes_.front(); }
  /// `mesh()`, and the other views of the world that kinds are made from.
  [[nodiscard]] std::span<const Mesh> meshes() const noexcept { return meshes_; }

  /// The kinds of this topology in the order of creation, the same on every rank.
  [[nodiscard]] std::span<const KindFamily> kinds() const noexcept { return kinds_; }
  /// The groups of a kind, by its name or short name; nothing if this topology has none (`amax` without fp8).
  /// A kind that Megatron-Core does not create because it would equal another is that other one:
  /// `intra_data_context` with one optimizer instance is `data_context`.
  [[nodiscard]] const GroupFamily* find(GroupKind kind) const noexcept;
  /// Likewise, with what the kind is made from.
  [[nodiscard]] const KindFamily* find_kind(GroupKind kind) const noexcept;
  /// The groups of a kind.
  /// @throws RangeError if this topology has none, listing the kinds it has
  [[nodiscard]] const GroupFamily& family(GroupKind kind) const;
  /// The group of a kind that holds a rank.
  /// @throws RangeError if this topology has no such kind, or no group of it holds the rank
  [[nodiscard]] RankList group_of(GroupKind kind, int rank) const&;
  RankList group_of(GroupKind kind, int rank) const&& = delete;

  /// The stages, and who is before and behind whom.
  [[nodiscard]] const Pipeline& pipeline() const noexcept { return pipeline_; }

  /// Equal configurations make equal topologies.
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
