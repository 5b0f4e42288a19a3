#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "planner_options.hpp"
#include "rankmesh/planner/calibrate.hpp"
#include "rankmesh/topology/parallel_config.hpp"

namespace rankmesh::cli {

/// The sizes of a layout that the planner knows. A problem names each one that it does not.
/// @param what what the layout is, at the beginning of problems; empty for options
[[nodiscard]] planner::Layout planned_layout(const ParallelConfig& config, const std::string& what,
                                             Problems& problems);

/// Reads measured runs, a JSON text in the form that docs/planner.md describes. What a run does not say is as
/// in the job.
/// @param source the name of the text in problems
[[nodiscard]] std::vector<planner::MeasuredRun> read_runs(std::string_view text, const std::string& source,
                                                          const PlannedJob& job, Problems& problems);

}  // namespace rankmesh::cli
