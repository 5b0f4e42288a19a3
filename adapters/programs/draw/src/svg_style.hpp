#pragma once

#include <string>
#include <string_view>

#include "palette.hpp"
#include "rankmesh/output/writer.hpp"

namespace rankmesh::cli {

/// The CSS class of a look: `c3m1`.
[[nodiscard]] std::string look_class(Look look);

/// The largest width of a text in pixels. The font of the reader is unknown: the widths are those of DejaVu
/// Sans Bold, the widest of the usual fonts.
[[nodiscard]] int width_of(std::string_view text, double font);

/// The font sizes in boxes, in pixels.
struct FontSizes {
  double rank;
  double group;
  double block;
  double node;
};

/// Writes the style sheet of a picture, for light and dark pages, and its fill patterns.
void put_style(Writer& out, FontSizes fonts);

}  // namespace rankmesh::cli
