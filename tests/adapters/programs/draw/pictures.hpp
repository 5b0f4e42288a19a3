#pragma once

#include <optional>
#include <string>
#include <vector>

namespace rankmesh::tests {

/// A rank in a picture.
struct Cell {
  int rank = 0;
  std::optional<int> group{};
  std::string look{};
  int x = 0;
  int y = 0;
};

/// The drawing of one kind.
struct DrawnKind {
  std::string name{};
  std::vector<Cell> cells{};
};

/// The content of an SVG picture, read from its elements.
[[nodiscard]] std::vector<DrawnKind> read_svg(const std::string& svg);

/// The first problem of an XML text, for example an element that is not closed or an attribute without
/// quotes.
[[nodiscard]] std::string malformed(const std::string& xml);

}  // namespace rankmesh::tests
