#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "rankmesh/topology/error.hpp"

namespace rankmesh {

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

/// How a job is laid out: the arguments of the reference's `initialize_model_parallel`, with the world size.
/// The fields are wide and unchecked, so that any input can be held and reported; `check` and `Topology`
/// judge.
struct ParallelConfig {
  /// Ranks of the job, 1 .. 2^31 - 1.
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
  AmaxRule amax_rule = AmaxRule::reference_blocks;
  VirtualPipelineRule virtual_pipeline_rule = VirtualPipelineRule::reference;

  bool operator==(const ParallelConfig&) const = default;
};

/// Every rule that a configuration breaks, in the order of the fields; empty if it is valid.
/// O(sqrt(world_size)) when a size does not divide, since the nearest ones that do are sought; else O(1).
[[nodiscard]] std::vector<Violation> check(const ParallelConfig& config);

}  // namespace rankmesh
