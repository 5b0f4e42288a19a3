#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/mesh.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// Whose kinds of group there are, and what the sizes mean.
enum class Convention {
  /// The nine kinds of the Megatron-style reference module, on a mesh tp-sp-dp-pp. Sequence parallelism goes
  /// without tensor and pipeline parallelism only.
  reference,
  /// The same kinds without that restriction; the amax groups are those of `data_tensor_product`.
  extended,
  /// The kinds of Megatron-Core, on a mesh of the dense layers and one of the experts, in an order of choice.
  megatron_core,
  /// Meshes and kinds of one's own.
  mesh,
};

/// Which ranks the FP8 amax groups hold.
enum class AmaxRule {
  /// Consecutive blocks of tensor * data ranks, as the reference makes them. With sequence > 1 these blocks
  /// match no group that shares weights.
  reference_blocks,
  /// The ranks that differ in tensor, data or sequence position: the stated purpose of the group. The same
  /// lists as `reference_blocks` where sequence = 1.
  data_tensor_product,
};

/// How many pipeline stages virtual pipeline stages need.
enum class VirtualPipelineRule {
  /// More than two, as the reference demands.
  reference,
  /// More than one, as today's Megatron-Core accepts and the interleaved schedule needs.
  megatron,
};

/// A kind of group on a mesh of one's own.
struct KindSpec {
  /// See GroupKind for what it may be called.
  std::string kind{};
  /// On the first mesh that has all axes named here.
  GroupSpec groups{};

  bool operator==(const KindSpec&) const = default;
};

/// How a job is laid out: the arguments of `initialize_model_parallel`, the reference's or Megatron-Core's,
/// with the world size. The fields are wide and unchecked, so that any input can be held and reported;
/// `check` and `Topology` judge. A field that the convention does not know must keep its default.
struct ParallelConfig {
  /// Ranks of the layout, 1 .. 2^31 - 1: those of the job, unless it holds several layouts side by side.
  std::int64_t world_size = 1;
  /// Ranks that split individual tensors.
  std::int64_t tensor = 1;
  /// Stages the layers are split across.
  std::int64_t pipeline = 1;
  /// Ranks that split the sequence; above 1 only with tensor = pipeline = 1.
  std::int64_t sequence = 1;
  /// Virtual stages (model chunks) of every pipeline stage, for the interleaved schedule.
  std::optional<std::int64_t> virtual_pipeline{};
  /// The first decoder stage of an encoder-decoder model. With pipeline = 1 any stage >= 0 is accepted and
  /// has no effect, as in the reference.
  std::optional<std::int64_t> split_rank{};
  /// Whether the amax groups are made.
  bool fp8 = false;
  /// Whether the data groups get a second, host-side communicator.
  bool distributed_optimizer = false;
  /// Which ranks the amax groups hold.
  AmaxRule amax_rule = AmaxRule::reference_blocks;
  /// How many stages virtual stages need.
  VirtualPipelineRule virtual_pipeline_rule = VirtualPipelineRule::reference;

  /// Whose kinds of group there are.
  Convention convention = Convention::reference;
  /// Ranks that split the context (the sequence, in attention too).
  std::int64_t context = 1;
  /// Ranks that split the experts.
  std::int64_t expert = 1;
  /// Ranks that split the tensors of an expert; as many as `tensor` if not given.
  std::optional<std::int64_t> expert_tensor{};
  /// The axes from the one that varies fastest, in upper or lower case. Axes of size 1 may be left out.
  std::string order = "tp-cp-ep-dp-pp";
  /// Instances of the distributed optimizer, each on a part of every data group.
  std::int64_t optimizer_instances = 1;
  /// Sizes of the levels of hierarchical context parallelism, fastest first; none if empty.
  std::vector<std::int64_t> hierarchical_context{};
  /// Whether there are data and context groups of every power of two.
  bool hybrid_context = false;
  /// Ranks that share weights and make them anew when they are needed (the gtp axis), of the dense layers.
  std::int64_t weight_remat = 1;
  /// The same, of the experts.
  std::int64_t expert_weight_remat = 1;
  /// The rank of the job that is the first of the layout.
  std::int64_t rank_offset = 0;
  /// Ranks of the whole job; those up to the end of the layout if not given.
  std::optional<std::int64_t> job_size{};
  /// Stages that hold the word embedding, -1 for the last; first, split and last stage if not given. A stage
  /// named from both ends counts once. With pipeline = 1 any list is the one stage there is.
  std::vector<std::int64_t> embedding_stages{};
  /// Stages that hold the position embedding, likewise; first and split stage if not given.
  std::vector<std::int64_t> position_embedding_stages{};
  /// Meshes of one's own, views of the same ranks: axes leftmost fastest. The first is `Topology::mesh()`.
  std::vector<std::vector<Axis>> meshes{};
  /// Kinds on those meshes, in the order of creation.
  std::vector<KindSpec> kinds{};

  bool operator==(const ParallelConfig&) const = default;
};

/// Every rule that a configuration breaks, in the order of the fields; empty if it is valid.
/// O(sqrt(world_size)) when a size does not divide, since the nearest ones that do are sought; else O(1).
[[nodiscard]] std::vector<Diagnostic> check(const ParallelConfig& config);

}  // namespace rankmesh
