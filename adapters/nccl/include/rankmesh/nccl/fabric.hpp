#pragma once

#include <string>

#include "rankmesh/nccl/export.hpp"

namespace RANKMESH_NCCL_API rankmesh {
namespace nccl {

/// The NVLink fabric of this host, for `HostIdentity::fabric`: the cluster UUID and the clique ID of its
/// GPUs, `UUID.CLIQUE`. Hosts with the same one reach each other over NVLink, for example in a GB200 NVL72.
///
/// It is asked of NVML, which the driver has: `libnvidia-ml.so.1` is loaded, used and unloaded. No GPU is
/// initialised, and no call of CUDA made.
/// @return empty without NVML, without a function of a driver before 525, and unless all GPUs that NVML shows
///         are in the same fabric and have completed joining it
[[nodiscard]] std::string nvlink_fabric();

}  // namespace nccl
}  // namespace rankmesh
