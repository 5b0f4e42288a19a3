#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/mesh.hpp"
#include "rankmesh/topology/parallel_config.hpp"

namespace rankmesh::megatron_core {

/// The axes of an order, in the default order.
inline constexpr std::array<std::string_view, 5> order_axes{"tp", "cp", "ep", "dp", "pp"};

/// The axes that an order such as `tp-cp-ep-dp-pp` names, in lower case, fastest first.
[[nodiscard]] std::vector<std::string> axes_of(std::string_view order);

/// The tensor parallel size of the experts.
[[nodiscard]] inline std::int64_t expert_tensor(const ParallelConfig& config) {
  return config.expert_tensor.value_or(config.tensor);
}

/// The mesh of the dense layers: tp, cp, dp and pp in the order of the configuration. If weights are
/// rematerialised, gtp is right of tp, or leftmost without tp. Axes that the order omits are omitted.
/// @param config a configuration whose sizes divide the world
[[nodiscard]] std::vector<Axis> dense_axes(const ParallelConfig& config);
/// The mesh of the experts: etp, ep, edp and pp in the order of the configuration, where etp stands for tp
/// and edp for dp. If expert weights are rematerialised, egtp is right of ep, or else of etp, or else
/// leftmost.
[[nodiscard]] std::vector<Axis> expert_axes(const ParallelConfig& config);

/// The sizes of the hybrid data and context groups for data and context groups of n ranks: the powers of two
/// from 2 to n / 2.
[[nodiscard]] std::vector<std::int64_t> hybrid_sizes(std::int64_t n);

/// The positions in a pipeline group of some stages. -1 is the last stage; a stage that is listed as both -1
/// and by its number counts once.
/// @param stages valid stages
[[nodiscard]] std::vector<int> places_of(const std::vector<std::int64_t>& stages, std::int64_t pipeline);

}  // namespace rankmesh::megatron_core
