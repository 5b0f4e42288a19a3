#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/output/style.hpp"
#include "rankmesh/output/writer.hpp"

namespace rankmesh::cli {

/// Lines of text in aligned columns. Columns that are empty in every line are left out. Where the columns do
/// not fit beside each other, those behind continue on another line, indented.
class Table {
 public:
  enum class Align { left, right };
  enum class Colour { none, cyan, red };

  struct Column {
    std::string heading{};
    Align align = Align::left;
  };
  struct Cell {
    std::string text{};
    Colour colour = Colour::none;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// @param line one cell for each column
  void add(std::vector<Cell> line) { lines_.push_back(std::move(line)); }

  /// On how many lines the columns are distributed.
  [[nodiscard]] std::size_t lines_of_row(std::size_t line_width) const { return bands(line_width).size(); }

  /// Prints lines of at most `style.width()` characters, unless a single word is longer.
  void print(Writer& out, Style style) const;

 private:
  using Columns = std::vector<std::size_t>;

  [[nodiscard]] bool is_empty(std::size_t column) const;
  [[nodiscard]] std::size_t width(std::size_t column) const;
  /// The columns that stand beside each other.
  [[nodiscard]] std::vector<Columns> bands(std::size_t line_width) const;
  /// The cells of some columns, aligned.
  [[nodiscard]] std::string line_of(const Columns& band, const std::vector<Cell>& cells, Style style,
                                    std::size_t room) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> lines_;
};

/// Of the tables whose rows take the fewest lines, the one with the widest lists.
/// @param make makes the table with lists of at most a width
template <typename Make>
[[nodiscard]] Table fitting(std::size_t line_width, Make make) {
  std::size_t fits = 10;
  std::size_t too_wide = std::max(fits, line_width) + 1;
  const std::size_t fewest = make(fits).lines_of_row(line_width);
  while (too_wide - fits > 1) {
    const std::size_t middle = (fits + too_wide) / 2;
    (make(middle).lines_of_row(line_width) == fewest ? fits : too_wide) = middle;
  }
  return make(fits);
}

/// A paragraph in lines of at most a width; those behind the first are indented.
[[nodiscard]] std::string hanging(std::string_view text, std::size_t width);

}  // namespace rankmesh::cli
