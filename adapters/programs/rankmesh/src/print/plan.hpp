#pragma once

#include "planner_options.hpp"
#include "rankmesh/output/style.hpp"
#include "rankmesh/output/writer.hpp"

namespace rankmesh::cli {

/// The layouts of a plan, best first, and changes of the best one, as a JSON object.
/// @param work that of the job's model
void print_plan_json(const PlannedJob& job, const planner::Work& work, const planner::SearchSpace& space,
                     const planner::Plan& plan, Writer& out);

/// The same as a table, with an explanation of the best one.
void print_plan(const PlannedJob& job, const planner::Work& work, const planner::SearchSpace& space,
                const planner::Plan& plan, Writer& out, Style style);

}  // namespace rankmesh::cli
