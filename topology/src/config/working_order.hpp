#pragma once

#include <functional>
#include <optional>
#include <string>

#include "rankmesh/topology/parallel_config.hpp"

namespace rankmesh {

/// An order of Megatron-Core's axes with which a configuration works, as much like the configured one as
/// possible: in lower case, without unknown and repeated axes, with those that it lacks, with pp last; or
/// else the first that works of all orders.
/// @param works whether a configuration is valid
[[nodiscard]] std::optional<std::string> working_order(
    const ParallelConfig& config, const std::function<bool(const ParallelConfig&)>& works);

}  // namespace rankmesh
