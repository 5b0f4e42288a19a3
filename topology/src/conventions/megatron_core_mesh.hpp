#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/mesh.hpp"
#include "rankmesh/topology/parallel_config.hpp"

namespace rankmesh::megatron_core {

/// The axes of an order, in lower case, the fastest first.
[[nodiscard]] std::vector<std::string> axes_of(std::string_view order);

/// The ranks that split the tensors of an expert.
[[nodiscard]] inline std::int64_t expert_tensor(const ParallelConfig& config) {
  return config.expert_tensor.value_or(config.tensor);
}

/// The mesh of the dense layers: tp, gtp right of it (or leftmost), cp, dp and pp in the order of the
/// configuration. Axes of size one that the order leaves out are not there.
/// @param config one whose sizes divide the world
[[nodiscard]] std::vector<Axis> dense_axes(const ParallelConfig& config);
/// The mesh of the experts: etp in the place of tp, ep, egtp right of it (or of etp, or leftmost), edp in the
/// place of dp, and pp.
[[nodiscard]] std::vector<Axis> expert_axes(const ParallelConfig& config);

/// The sizes of the hybrid data and context groups that divide those of n ranks: 2, 4, ... below the largest
/// power of two that is not above n.
[[nodiscard]] std::vector<std::int64_t> hybrid_sizes(std::int64_t n);

/// The places in a pipeline group that a list of stages names: -1 is the last, a stage named from both ends
/// counts once.
/// @param stages valid ones
[[nodiscard]] std::vector<int> places_of(const std::vector<std::int64_t>& stages, std::int64_t pipeline);

}  // namespace rankmesh::megatron_core
