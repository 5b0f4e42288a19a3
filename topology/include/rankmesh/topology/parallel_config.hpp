#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/mesh.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// Which kinds of group there are, and what the sizes mean.
enum class Convention {
  /// The nine kinds of the Megatron-style reference module, on a mesh tp-sp-dp-pp. Sequence parallelism
  /// excludes tensor and pipeline parallelism.
  reference,
  /// The same kinds without that restriction; the amax groups are those of `data_tensor_product`.
  extended,
  /// The kinds of Megatron-Core, on a mesh of the dense layers and a mesh of the experts, in any order of
  /// axes.
  megatron_core,
  /// Custom meshes and kinds.
  mesh,
};

/// Which ranks the FP8 amax groups hold.
enum class AmaxRule {
  /// Consecutive blocks of tensor * data ranks, as in the reference. With sequence > 1, these blocks match no
  /// group that shares weights.
  reference_blocks,
  /// The ranks that differ in tensor, data or sequence position: the stated purpose of the group. The lists
  /// equal those of `reference_blocks` if sequence = 1.
  data_tensor_product,
};

/// How many pipeline stages virtual pipeline stages need.
enum class VirtualPipelineRule {
  /// More than two, as in the reference.
  reference,
  /// More than one, as in Megatron-Core: enough for the interleaved schedule.
  megatron,
};

/// A kind of group of one's own.
struct KindSpec {
  /// The name; GroupKind says which names are valid.
  std::string kind{};
  /// The groups, on the first mesh that has all these axes.
  GroupSpec groups{};

  bool operator==(const KindSpec&) const = default;
};

/// The layout of a job: the world size, and the arguments of `initialize_model_parallel` in the reference or
/// in Megatron-Core. The fields can hold any input, so that errors can be reported; `check` and `Topology`
/// apply the rules. A field without meaning in the convention must keep its default.
struct ParallelConfig {
  /// Ranks of the layout, 1 .. 2^31 - 1. They are all ranks of the job, unless the job has several layouts.
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
  /// Whether the optimizer is distributed. The data groups then get a second, host-side communicator.
  bool distributed_optimizer = false;
  /// Which ranks the amax groups hold.
  AmaxRule amax_rule = AmaxRule::reference_blocks;
  /// How many stages virtual stages need.
  VirtualPipelineRule virtual_pipeline_rule = VirtualPipelineRule::reference;

  /// Which kinds of group there are.
  Convention convention = Convention::reference;
  /// Ranks that split the context (the sequence, in attention too).
  std::int64_t context = 1;
  /// Ranks that split the experts.
  std::int64_t expert = 1;
  /// Ranks that split the tensors of an expert; `tensor` if not given.
  std::optional<std::int64_t> expert_tensor{};
  /// The axes from the one that varies fastest, in upper or lower case. Axes of size 1 may be left out.
  std::string order = "tp-cp-ep-dp-pp";
  /// Instances of the distributed optimizer, each on one part of every data group.
  std::int64_t optimizer_instances = 1;
  /// Sizes of the levels of hierarchical context parallelism, fastest first; none if empty.
  std::vector<std::int64_t> hierarchical_context{};
  /// Whether to make data and context groups of every power of two.
  bool hybrid_context = false;
  /// Ranks that share the weights of dense layers and rematerialise them on demand (the gtp axis).
  std::int64_t weight_remat = 1;
  /// The same for the weights of experts (the egtp axis).
  std::int64_t expert_weight_remat = 1;
  /// The first rank of the layout in the job.
  std::int64_t rank_offset = 0;
  /// Ranks of the whole job; if not given, the job ends with the layout.
  std::optional<std::int64_t> job_size{};
  /// Stages that hold the word embedding; negative numbers count from the end, -1 is the last stage. If not
  /// given, the first, split and last stage. A stage that is named from both ends counts once. With
  /// pipeline = 1, every list means the only stage.
  std::vector<std::int64_t> embedding_stages{};
  /// Stages that hold the position embedding, in the same form. If not given, the first and split stage.
  std::vector<std::int64_t> position_embedding_stages{};
  /// Meshes of one's own, which are views of the same ranks: axes leftmost fastest. In the convention `mesh`,
  /// the first is `Topology::mesh()`; in the others they follow the meshes of the convention.
  std::vector<std::vector<Axis>> meshes{};
  /// Kinds of one's own on those meshes and on the meshes of the convention, in the order of creation. They
  /// follow the kinds of the convention. Each is on the first mesh that has its axes.
  std::vector<KindSpec> kinds{};

  bool operator==(const ParallelConfig&) const = default;
};

/// A diagnostic for every rule that a configuration breaks, in the order of the fields; empty if it is valid.
/// Fields that are far longer than any layout needs (an order of more than 64 characters, more than 64 meshes
/// or 4096 kinds) are refused, and no other rule is applied then.
/// O(fields + kinds) for a valid configuration. For an invalid one, values that work are searched among the
/// divisors of the world size, and each is checked: O(sqrt(world_size) + diagnostics * divisors).
[[nodiscard]] std::vector<Diagnostic> check(const ParallelConfig& config);

}  // namespace rankmesh
