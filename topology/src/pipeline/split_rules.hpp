#pragma once

#include <string_view>
#include <vector>

#include "pipeline/layout_text.hpp"
#include "rankmesh/topology/pipeline_layout.hpp"

namespace rankmesh {

/// What is wrong with a split, without values that work.
[[nodiscard]] std::vector<Diagnostic> broken_split_rules(const PipelineSplit& split,
                                                         const PipelineStages& stages);
/// What is wrong with a layout string that was read for these stages.
[[nodiscard]] std::vector<Diagnostic> broken_text_rules(const LayoutText& read, std::string_view text,
                                                        const PipelineStages& stages);
/// The chunks of a split without a layout string.
/// @param split without broken rules
[[nodiscard]] std::vector<LayoutPart> parts_of_split(const PipelineSplit& split,
                                                     const PipelineStages& stages);

}  // namespace rankmesh
