#pragma once

#include <nlohmann/json.hpp>
#include <span>

#include "planner_options.hpp"
#include "rankmesh/output/style.hpp"
#include "rankmesh/output/writer.hpp"

namespace rankmesh::cli {

/// Bytes of a GiB.
inline constexpr double gib = 1024.0 * 1024.0 * 1024.0;

/// A part of the time of a step, in tables, in JSON, and in sentences about what a layout does.
struct StepPart {
  const char* key;
  const char* name;
  const char* verb;
  double planner::StepTime::*seconds;
};
/// All parts; their sum is the step.
[[nodiscard]] std::span<const StepPart> step_parts();

/// A layout on one line: `world=16 convention=megatron-core tp=2 pp=4`.
[[nodiscard]] std::string layout_text(const planner::Layout& layout);

/// What `--calibrate` found.
[[nodiscard]] nlohmann::ordered_json calibration_json(const planner::Calibration& calibration);
void print_calibration(const PlannedJob& job, Writer& out, Style style);

/// Memory, time and traffic of a layout as a JSON object.
/// @param work that of the job's model
[[nodiscard]] nlohmann::ordered_json estimate_json(const PlannedJob& job, const planner::Work& work,
                                                   const planner::Layout& layout,
                                                   const planner::Estimate& estimate);

/// The changes of the best layout of a plan, the last one without a limit of memory, as a JSON array.
[[nodiscard]] nlohmann::ordered_json what_ifs_json(const PlannedJob& job, const planner::Work& work,
                                                   const planner::SearchSpace& space,
                                                   const planner::PlannedLayout& best);

/// The estimate as tables.
void print_estimate(const PlannedJob& job, const planner::Work& work, const planner::Layout& layout,
                    const planner::Estimate& estimate, Writer& out, Style style);

}  // namespace rankmesh::cli
