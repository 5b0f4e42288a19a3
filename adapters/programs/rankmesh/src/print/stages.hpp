#pragma once

#include <cstdint>
#include <optional>

#include "rankmesh/output/style.hpp"
#include "rankmesh/output/writer.hpp"
#include "rankmesh/topology/pipeline_layout.hpp"

namespace rankmesh::cli {

/// Prints the layout string and a table with a line for each stage: its layers, embedding, loss and MTP
/// layers. Of many stages and virtual stages the first and last ones.
/// @param own the stage of the rank that is asked about
void print_stages(const PipelineLayout& layout, std::optional<std::int64_t> own, Writer& out, Style style);

/// `print_stages` as a JSON object. More than 1024 chunks are left out.
void put_stages_json(const PipelineLayout& layout, Writer& out);

}  // namespace rankmesh::cli
