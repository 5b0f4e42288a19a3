#pragma once

#include <string>

namespace rankmesh::nccl {

/// `nvlink_fabric` from a library of this name, for tests.
[[nodiscard]] std::string fabric_from(const char* library);

}  // namespace rankmesh::nccl
