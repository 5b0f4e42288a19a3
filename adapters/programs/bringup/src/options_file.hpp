#pragma once

#include <string>

#include "rankmesh/nccl/kind_options.hpp"
#include "rankmesh/topology/topology.hpp"

namespace rankmesh::bringup {

/// Reads the NCCL options of the kinds of a topology from a YAML file.
/// @throws Error if the file cannot be read, or if this program was built without yaml-cpp
[[nodiscard]] nccl::KindOptionsMap read_options_file(const std::string& path, const Topology& topology);

}  // namespace rankmesh::bringup
