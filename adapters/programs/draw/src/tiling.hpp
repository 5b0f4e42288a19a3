#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace rankmesh::cli {

/// Where a cell lies in a grid, counted in cells and in the gaps before it.
struct Spot {
  int column = 0;
  int row = 0;
  int column_gaps = 0;
  int row_gaps = 0;

  bool operator==(const Spot&) const = default;
};

/// How cells are to be laid out.
struct TilingRequest {
  /// How many cells.
  int count = 1;
  /// After how many cells each axis begins anew: gaps show them, where lines can be broken there.
  std::vector<std::int64_t> periods{};
  /// Cells of a box; the boxes then are what gaps lie between.
  std::optional<int> box{};
  /// The most cells in a line.
  int max_columns = 64;
};

/// A grid for cells in a row, in lines of one length, or box after box.
///
/// The lines are chosen so that the grid is a little wider than high, and that the axes begin anew at the
/// begin of a line.
class Tiling {
 public:
  explicit Tiling(const TilingRequest& request);

  [[nodiscard]] int count() const noexcept { return count_; }
  [[nodiscard]] Spot spot(int cell) const noexcept;
  /// The cells of a full line.
  [[nodiscard]] int columns() const noexcept { return box_columns_ * boxes_per_line_; }
  /// One behind the last spot, in each direction.
  [[nodiscard]] Spot extent() const noexcept;

  [[nodiscard]] bool has_boxes() const noexcept { return boxed_; }
  /// Without boxes, all is one box.
  [[nodiscard]] int box_size() const noexcept { return box_; }
  [[nodiscard]] int box_count() const noexcept { return (count_ + box_ - 1) / box_; }
  [[nodiscard]] int box_columns() const noexcept { return box_columns_; }
  [[nodiscard]] int box_rows() const noexcept { return box_rows_; }
  /// After how many columns there is a gap, and after how many rows; none with boxes.
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
