#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/parallel_config.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// Whether the layouts of several modules, side by side in one job, fill it: each valid, no rank in two of
/// them, no rank between them or up to the end of the job in none. The field of a diagnostic is
/// `module 0`, `module 1`, ... in the order given, `job` for ranks in no module, and `modules` where there
/// are none. Overlaps and gaps are looked for once each module is valid by itself.
/// @param job_size ranks of the job; if not given, what the first module that has a `job_size` says, else
///                 where the last module ends
/// @return nothing if they fill the job; each diagnostic names the ranks it is about
[[nodiscard]] std::vector<Diagnostic> check_modules(std::span<const ParallelConfig> modules,
                                                    std::optional<std::int64_t> job_size = std::nullopt);

}  // namespace rankmesh
