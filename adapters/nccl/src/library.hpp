#pragma once

#include <nccl.h>

#include <optional>
#include <string>

#include "rankmesh/comm/plan.hpp"
#include "rankmesh/nccl/error.hpp"

namespace rankmesh::nccl {

/// The oldest NCCL that is supported, as NCCL_VERSION_CODE numbers versions. adapters/nccl/CMakeLists.txt
/// reads it from here.
inline constexpr int minimum_version = 21800;
// The header of an older NCCL is refused.
static_assert(NCCL_VERSION_CODE >= minimum_version);

// The library at run time has what the header at compile time declares, because an older library is refused.
#define RANKMESH_NCCL_HAS_SCALABLE_INIT (NCCL_VERSION_CODE >= NCCL_VERSION(2, 23, 0))
#define RANKMESH_NCCL_HAS_SHRINK (NCCL_VERSION_CODE >= NCCL_VERSION(2, 27, 0))

/// The version of the NCCL library at run time; 0 if it cannot be asked.
[[nodiscard]] int library_version() noexcept;

/// Why a library of this version cannot be used: it is too old for rankmesh, or older than the header that
/// rankmesh was compiled with. Nothing if it can be used.
[[nodiscard]] std::optional<std::string> version_problem(int version);

[[nodiscard]] inline bool is_failure(ncclResult_t result) noexcept {
  return result != ncclSuccess && result != ncclInProgress;
}

/// The state of a communicator: at rest (ncclSuccess), ncclInProgress, or an error.
[[nodiscard]] ncclResult_t state_of(ncclComm_t communicator) noexcept;

/// The error of a failed call.
/// @param step the step of the plan that the call was made for, if any
[[nodiscard]] NcclError error_of(const char* call, ncclResult_t result, const RankStep* step = nullptr);

}  // namespace rankmesh::nccl
