#pragma once

#include <cstdint>

#include "rankmesh/output/style.hpp"
#include "rankmesh/output/writer.hpp"
#include "rankmesh/planner/model.hpp"

namespace rankmesh::cli {

/// A table of parameters, a line for each kind of matrix, and FLOPs.
void print_model(const planner::ModelConfig& model, std::int64_t sequence_length, Writer& out, Style style);
void print_model_json(const planner::ModelConfig& model, std::int64_t sequence_length, Writer& out);

}  // namespace rankmesh::cli
