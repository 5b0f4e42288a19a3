#pragma once

#include <list>
#include <string>

#include "library.hpp"
#include "rankmesh/nccl/kind_options.hpp"

namespace rankmesh::nccl {

/// A configuration in the form of NCCL.
/// @param default_name the name of the communicator, unless the config has one
/// @param kept receives the strings that NCCL keeps pointers to; must outlive the communicator
[[nodiscard]] ncclConfig_t native_config(const CommunicatorConfig& config, bool blocking,
                                         const std::string& default_name, std::list<std::string>& kept);

}  // namespace rankmesh::nccl
