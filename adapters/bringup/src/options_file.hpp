#pragma once

#include <string>

#include "rankmesh/nccl/kind_options.hpp"

namespace rankmesh::bringup {

/// The NCCL options of each kind from a file.
/// @throws Error if the file cannot be read, or this program was built without what reads it
[[nodiscard]] nccl::KindOptionsMap read_options_file(const std::string& path);

}  // namespace rankmesh::bringup
