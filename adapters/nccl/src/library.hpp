#pragma once

#include <nccl.h>

#include <string>

#include "rankmesh/comm/plan.hpp"
#include "rankmesh/nccl/error.hpp"

namespace rankmesh::nccl {

// What NCCL can do is decided twice: by the header this is compiled with, and by the library that runs.
#define RANKMESH_NCCL_HAS_CONFIG (NCCL_VERSION_CODE >= NCCL_VERSION(2, 14, 0))
#define RANKMESH_NCCL_HAS_SPLIT (NCCL_VERSION_CODE >= NCCL_VERSION(2, 18, 0))
#define RANKMESH_NCCL_HAS_SCALABLE_INIT (NCCL_VERSION_CODE >= NCCL_VERSION(2, 23, 0))

inline constexpr int first_with_config = 21400;
inline constexpr int first_with_split = 21800;
inline constexpr int first_with_scalable_init = 22300;

/// ncclInProgress, which headers before 2.14 do not have.
inline constexpr auto in_progress = static_cast<ncclResult_t>(7);

/// The version of the library that runs; 0 if it does not say.
[[nodiscard]] int library_version() noexcept;
/// The older of the header and the library: what both have.
[[nodiscard]] int usable_version() noexcept;

[[nodiscard]] inline bool is_failure(ncclResult_t result) noexcept {
  return result != ncclSuccess && result != in_progress;
}

/// What a communicator is doing: nothing (ncclSuccess), something (ncclInProgress), or an error.
[[nodiscard]] ncclResult_t state_of(ncclComm_t communicator) noexcept;

/// The error of a call on behalf of a step of the plan, where there is one.
[[nodiscard]] NcclError error_of(const char* call, ncclResult_t result, const RankStep* step = nullptr);

}  // namespace rankmesh::nccl
