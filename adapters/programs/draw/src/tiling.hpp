#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace rankmesh::cli {

/// The place of a cell in a grid, in cells and in the gaps before it.
struct Spot {
  int column = 0;
  int row = 0;
  int column_gaps = 0;
  int row_gaps = 0;

  bool operator==(const Spot&) const = default;
};

/// The cells to lay out.
struct TilingRequest {
  /// The number of cells.
  int count = 1;
  /// The number of cells after which each axis starts again; a gap shows the place where it fits the lines.
  std::vector<std::int64_t> periods{};
  /// The number of cells in a box. With boxes, gaps lie between boxes only.
  std::optional<int> box{};
  /// The largest number of cells in a line.
  int max_columns = 64;
};

/// A grid for a sequence of cells: in lines of one length, or box after box.
///
/// The length of the lines is chosen so that the grid is a little wider than high, and that axes start again
/// at the start of a line.
class Tiling {
 public:
  explicit Tiling(const TilingRequest& request);

  [[nodiscard]] int count() const noexcept { return count_; }
  [[nodiscard]] Spot spot(int cell) const noexcept;
  /// The number of cells in a full line.
  [[nodiscard]] int columns() const noexcept { return box_columns_ * boxes_per_line_; }
  /// The last spot plus one in each direction.
  [[nodiscard]] Spot extent() const noexcept;

  [[nodiscard]] bool has_boxes() const noexcept { return boxed_; }
  /// Without boxes, all cells are in one box.
  [[nodiscard]] int box_size() const noexcept { return box_; }
  [[nodiscard]] int box_count() const noexcept { return (count_ + box_ - 1) / box_; }
  [[nodiscard]] int box_columns() const noexcept { return box_columns_; }
  [[nodiscard]] int box_rows() const noexcept { return box_rows_; }
  /// The numbers of columns, and of rows, after which there is a gap; empty with boxes.
  [[nodiscard]] const std::vector<int>& column_gaps() const noexcept { return column_gaps_; }
  [[nodiscard]] const std::vector<int>& row_gaps() const noexcept { return row_gaps_; }

 private:
  void lay_lines(const TilingRequest& request);
  void lay_boxes(const TilingRequest& request);

  int count_;
  bool boxed_;
  int box_ = 1;
  int box_columns_ = 1;
  int box_rows_ = 1;
  int boxes_per_line_ = 1;
  std::vector<int> column_gaps_;
  std::vector<int> row_gaps_;
};

}  // namespace rankmesh::cli
