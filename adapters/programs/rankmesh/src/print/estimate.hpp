#pragma once

#include <nlohmann/json.hpp>

#include "planner_options.hpp"
#include "rankmesh/output/style.hpp"
#include "rankmesh/output/writer.hpp"

namespace rankmesh::cli {

/// A layout on one line: `world=16 convention=megatron-core tp=2 pp=4`.
[[nodiscard]] std::string layout_text(const planner::Layout& layout);

/// Memory, time and traffic of a layout as a JSON object.
[[nodiscard]] nlohmann::ordered_json estimate_json(const PlannedJob& job, const planner::Layout& layout,
                                                   const planner::Estimate& estimate);

/// The same as tables.
void print_estimate(const PlannedJob& job, const planner::Layout& layout, const planner::Estimate& estimate,
                    Writer& out, Style style);

}  // namespace rankmesh::cli
