#pragma once

#include <optional>
#include <string>
#include <vector>

namespace rankmesh::tests {

/// A rank as a picture shows it.
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

/// What an SVG of the program shows, read from the elements themselves.
[[nodiscard]] std::vector<DrawnKind> read_svg(const std::string& svg);

/// What is wrong with the elements of an XML text: one that is not closed, an attribute without quotes, ...
[[nodiscard]] std::string malformed(const std::string& xml);

}  // namespace rankmesh::tests
