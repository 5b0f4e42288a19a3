#pragma once

#include <string>

#include "rankmesh/nccl/kind_options.hpp"
#include "rankmesh/topology/topology.hpp"

namespace rankmesh::bringup {

/// The NCCL options of each kind of a topology from a file.
/// @throws Error if the file cannot be read, or this program was built without what reads it
[[nodiscard]] nccl::KindOptionsMap read_options_file(const std::string& path, const Topology& topology);

}  // namespace rankmesh::bringup
