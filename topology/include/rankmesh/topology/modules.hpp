#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/parallel_config.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// Checks that the layouts of several modules fill a job: each layout is valid, and each rank of the job is
/// in exactly one of them. Overlaps and gaps are checked only if each module is valid by itself.
///
/// The field of a diagnostic is `module 0`, `module 1`, ... in the order given, `job` for ranks in no module,
/// and `modules` if there are no modules.
/// @param job_size the number of ranks of the job; if not given, the `job_size` of the first module that has
///                 one, or else the end of the last module
/// @return empty if the modules fill the job; else diagnostics that name the ranks
[[nodiscard]] std::vector<Diagnostic> check_modules(std::span<const ParallelConfig> modules,
                                                    std::optional<std::int64_t> job_size = std::nullopt);

}  // namespace rankmesh
