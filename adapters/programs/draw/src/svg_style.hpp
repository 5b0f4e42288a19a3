#pragma once

#include <string>

#include "palette.hpp"
#include "rankmesh/output/writer.hpp"

namespace rankmesh::cli {

/// The CSS class of a look: `c3m1`.
[[nodiscard]] std::string look_class(Look look);

/// Writes the style sheet of a picture, for light and dark pages, and its fill patterns.
void put_style(Writer& out, double rank_font, double group_font, double block_font);

}  // namespace rankmesh::cli
