#pragma once

#include <string>
#include <vector>

#include "rankmesh/topology/job_sizes.hpp"

namespace rankmesh::cli {

/// A sentence for each size of a job that a layout divides.
[[nodiscard]] std::vector<std::string> job_lines(const JobSizes& sizes, const ParallelConfig& config);

/// The same as a JSON object.
[[nodiscard]] std::string job_json(const JobSizes& sizes, const ParallelConfig& config);

}  // namespace rankmesh::cli
