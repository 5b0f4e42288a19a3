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

class PipelineLayout;

/// How the groups of a kind are made.
enum class Derivation {
  /// Some axes of a mesh vary inside a group.
  whole,
  /// Some members of each such group, or of each group of another kind, for example the first and the last.
  picked,
  /// Parts of each such group, or of each group of another kind.
  split,
  /// Consecutive groups of another kind, merged.
  joined,
};

/// The groups of one kind, and what they are derived from.
struct KindFamily {
  /// The kind's name.
  GroupKind kind;
  /// Megatron-Core's name, used for example in its NCCL configuration files: `tp` for `tensor`.
  GroupKind short_name;
  /// The groups.
  GroupFamily family;
  /// The mesh whose axes vary, an index of `Topology::meshes()`.
  std::size_t mesh = 0;
  /// The axes that vary inside a group, or inside a group of `parent`.
  std::vector<std::string> varying{};
  /// How the groups are made.
  Derivation derivation = Derivation::whole;
  /// The kind that the groups are derived from; nothing if `derivation` is `whole`, and for the kinds of a
  /// mesh of one's own.
  std::optional<GroupKind> parent{};

  bool operator==(const KindFamily&) const = default;
};

/// A validated configuration and every group that follows from it.
///
///     const rankmesh::Topology topology({.world_size = 16, .tensor = 2, .pipeline = 4});
///     for (int rank : topology.group_of(rankmesh::GroupKind::data, 5)) ...   // 5, 7
///
/// A regular value that takes O(number of kinds) time and memory, independent of the world size. Every
/// question is O(1) in the world size and allocates nothing. Lists exist only where a caller copies or
/// enumerates them.
class Topology {
 public:
  /// @throws ConfigError listing every diagnostic, see `check`
  explicit Topology(const ParallelConfig& config);
  /// The groups of a model whose layers lie as `layout` says: the embedding groups hold the stages that hold
  /// the embedding. `Topology(with_pipeline_layout(config, layout))`.
  /// @throws ConfigError as both functions do
  Topology(const ParallelConfig& config, const PipelineLayout& layout);

  /// The configuration, with the order in lower case and sizes of -1 replaced by the sizes they stand for.
  [[nodiscard]] const ParallelConfig& config() const& noexcept { return config_; }
  const ParallelConfig& config() const&& = delete;
  /// The number of ranks of the job. Larger than `layout_size` if the layout is a part of the job.
  [[nodiscard]] int world_size() const noexcept { return pipeline_.groups().world_size(); }
  /// The rank of the job that is the first rank of the layout.
  [[nodiscard]] int first_rank() const noexcept { return pipeline_.groups().first_rank(); }
  /// The number of ranks of the layout: first_rank() .. first_rank() + layout_size() - 1.
  [[nodiscard]] int layout_size() const noexcept { return mesh().world_size(); }
  /// Whether a rank of the job belongs to the layout.
  [[nodiscard]] bool contains(int rank) const noexcept {
    return rank >= first_rank() && rank - first_rank() < layout_size();
  }
  /// The axes with their sizes, the leftmost varying fastest. Ranks of the layout are counted from 0.
  [[nodiscard]] const Mesh& mesh() const& noexcept { return meshes_.front(); }
  const Mesh& mesh() const&& = delete;
  /// `mesh()`, and the other meshes that kinds are made from: Megatron-Core's expert mesh, for example.
  [[nodiscard]] std::span<const Mesh> meshes() const& noexcept { return meshes_; }
  std::span<const Mesh> meshes() const&& = delete;

  /// The kinds of this topology in the order of creation, the same on every rank.
  [[nodiscard]] std::span<const KindFamily> kinds() const& noexcept { return kinds_; }
  std::span<const KindFamily> kinds() const&& = delete;
  /// The groups of a kind, by its name or short name; null if this topology has no such kind, for example
  /// `amax` without fp8. Where Megatron-Core does not create a kind because another kind has the same groups,
  /// the result is that other kind: `data_context` for `intra_data_context` with one optimizer instance.
  [[nodiscard]] const GroupFamily* find(GroupKind kind) const& noexcept;
  const GroupFamily* find(GroupKind kind) const&& = delete;
  /// `find`, with the name of the kind and what it is derived from.
  [[nodiscard]] const KindFamily* find_kind(GroupKind kind) const& noexcept;
  const KindFamily* find_kind(GroupKind kind) const&& = delete;
  /// The groups of a kind.
  /// @throws RangeError if this topology has none, listing the kinds it has
  [[nodiscard]] const GroupFamily& family(GroupKind kind) const&;
  const GroupFamily& family(GroupKind kind) const&& = delete;
  /// The group of a kind that holds a rank.
  /// @throws RangeError if this topology has no such kind, or no group of it holds the rank
  [[nodiscard]] RankList group_of(GroupKind kind, int rank) const&;
  RankList group_of(GroupKind kind, int rank) const&& = delete;

  /// The pipeline stages of the ranks.
  [[nodiscard]] const Pipeline& pipeline() const& noexcept { return pipeline_; }
  const Pipeline& pipeline() const&& = delete;

  /// Equal if the configurations are equal.
  bool operator==(const Topology& other) const { return config_ == other.config_; }

 private:
  ParallelConfig config_;
  std::vector<Mesh> meshes_;
  std::vector<KindFamily> kinds_;
  Pipeline pipeline_;
};

/// Warnings about a valid configuration: each names a quirk of the reference that the configuration meets,
/// and the option that avoids it, in one sentence. Empty for most configurations.
[[nodiscard]] std::vector<std::string> warnings(const Topology& topology);

}  // namespace rankmesh
