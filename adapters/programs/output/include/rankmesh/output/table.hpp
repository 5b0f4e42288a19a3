#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "rankmesh/output/style.hpp"
#include "rankmesh/output/writer.hpp"

namespace rankmesh::cli {

/// Lines of text in aligned columns. Columns that are empty in every line are left out.
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

  /// The width of a line in characters, with the gap behind its last column.
  [[nodiscard]] std::size_t width() const;

  void print(Writer& out, Style style) const;

 private:
  static constexpr std::size_t gap = 2;

  [[nodiscard]] bool is_empty(std::size_t column) const;
  [[nodiscard]] std::size_t width(std::size_t column) const;
  [[nodiscard]] std::string padded(std::size_t column, const Cell& cell, Style style) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> lines_;
};

}  // namespace rankmesh::cli
