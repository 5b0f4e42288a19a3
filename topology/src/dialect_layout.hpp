#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/parallel_config.hpp"

namespace rankmesh {

/// What all dialects say, each in its way: the axes of the dense layers and, where they are others, those of
/// the experts; leftmost fastest.
struct DialectLayout {
  std::vector<Axis> dense;
  std::vector<Axis> experts{};
};

/// The axes of a valid configuration. Those of the experts are there if some axis of theirs is not that of
/// the dense layers.
[[nodiscard]] DialectLayout layout_of(const ParallelConfig& config);

/// The axes of more than one rank.
[[nodiscard]] std::vector<Axis> without_ones(const std::vector<Axis>& axes);

/// As Megatron-Core has the axes: shards and replicas of the data that lie side by side are one axis `dp`, or
/// `edp` for the experts, whose tensor axis is `etp`; without axes of one rank.
[[nodiscard]] std::vector<Axis> megatron_form(const std::vector<Axis>& axes, bool is_of_experts);

/// The size of an axis; 1 if it is not there.
[[nodiscard]] std::int64_t size_of(const std::vector<Axis>& axes, std::string_view name);

/// What a kind is called in whose groups some axes vary: `tensor` for tp, `data_context` for dp and cp.
[[nodiscard]] std::string kind_of_axes(const std::vector<std::string>& axes);

}  // namespace rankmesh
