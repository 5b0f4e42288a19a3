#pragma once

#include "planner_options.hpp"
#include "rankmesh/output/writer.hpp"

namespace rankmesh::cli {

/// Every layout of a space that fits, as a page: memory and time of each as a plot, and what the time is
/// spent on. Of more than 5,000 layouts it has the fastest, and those that no other layout beats in
/// both memory and time.
/// @param work that of the job's model
/// @param top how many of the fastest layouts have a line in the table
void print_plan_html(const PlannedJob& job, const planner::Work& work, const planner::SearchSpace& space,
                     std::size_t top, Writer& out);

}  // namespace rankmesh::cli
