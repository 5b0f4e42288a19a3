#include "tiling.hpp"

#include <algorithm>
#include <cmath>

namespace rankmesh::cli {
namespace {

/// The preferred ratio of columns to rows.
constexpr double best_shape = 1.3;

/// The space around a box, in cells.
constexpr double box_margin = 0.7;

int divided_up(int a, int b) {
  return (a + b - 1) / b;
}

/// The distance from the preferred shape, as a power of two.
double shape_cost(double columns, double rows) {
  return std::abs(std::log2(columns / rows / best_shape));
}

/// The cost of a line length: each axis that starts again inside a line adds to it, an axis as long as a line
/// reduces it.
double alignment_cost(std::int64_t line, const std::vector<std::int64_t>& periods) {
  double cost = 0;
  for (const std::int64_t period : periods) {
    if (line % period != 0 && period % line != 0) cost += 2;
    if (line == period) cost -= 1;
  }
  return cost;
}

/// The columns of a box: up to 8 cells are in one line, more cells in a rectangle.
int columns_of_box(int cells, int max_columns) {
  if (cells <= std::min(8, max_columns)) return cells;
  const int side = static_cast<int>(std::ceil(std::sqrt(double(cells))));
  for (int columns = side; columns <= 2 * side && columns <= max_columns; ++columns) {
    if (cells % columns == 0) return columns;
  }
  return std::min(side, max_columns);
}

/// The number from 1 to `most` with the least cost; the largest of several.
template <typename Cost>
int cheapest(int most, Cost cost) {
  int best = 1;
  for (int candidate = 2; candidate <= most; ++candidate) {
    if (cost(candidate) <= cost(best)) best = candidate;
  }
  return best;
}

}  // namespace

Tiling::Tiling(const TilingRequest& request) : count_(request.count), boxed_(request.box.has_value()) {
  if (boxed_) {
    lay_boxes(request);
  } else {
    lay_lines(request);
  }
}

void Tiling::lay_lines(const TilingRequest& request) {
  box_ = count_;
  box_columns_ = cheapest(std::min(count_, request.max_columns), [&](int columns) {
    const double rest = count_ % columns == 0 ? 0 : 2;
    return shape_cost(columns, divided_up(count_, columns)) + rest + alignment_cost(columns, request.periods);
  });
  box_rows_ = divided_up(count_, box_columns_);
  for (const std::int64_t period : request.periods) {
    if (period <= 1 || period >= count_) continue;
    if (period < box_columns_ && box_columns_ % period == 0) {
      column_gaps_.push_back(static_cast<int>(period));
    }
    // Where each line is one period, gaps between the lines would show nothing.
    if (period > box_columns_ && period % box_columns_ == 0) {
      row_gaps_.push_back(static_cast<int>(period / box_columns_));
    }
  }
}

void Tiling::lay_boxes(const TilingRequest& request) {
  box_ = *request.box;
  const int cells = std::min(box_, count_);
  box_columns_ = columns_of_box(cells, request.max_columns);
  box_rows_ = divided_up(cells, box_columns_);
  const int most = std::max(1, request.max_columns / box_columns_);
  boxes_per_line_ = cheapest(std::min(box_count(), most), [&](int boxes) {
    const double rest = box_count() % boxes == 0 ? 0 : 1;
    const double lines = divided_up(box_count(), boxes);
    return shape_cost(boxes * (box_columns_ + box_margin), lines * (box_rows_ + box_margin)) + rest +
           alignment_cost(std::int64_t{boxes} * box_, request.periods) / 2;
  });
}

Spot Tiling::spot(int cell) const noexcept {
  const int box = cell / box_;
  const int in_box = cell % box_;
  Spot spot{.column = in_box % box_columns_, .row = in_box / box_columns_};
  if (boxed_) {
    spot.column_gaps = box % boxes_per_line_;
    spot.row_gaps = box / boxes_per_line_;
    spot.column += spot.column_gaps * box_columns_;
    spot.row += spot.row_gaps * box_rows_;
    return spot;
  }
  for (const int every : column_gaps_) spot.column_gaps += spot.column / every;
  for (const int every : row_gaps_) spot.row_gaps += spot.row / every;
  return spot;
}

Spot Tiling::extent() const noexcept {
  const int lines = boxed_ ? divided_up(box_count(), boxes_per_line_) : 1;
  Spot end{.column = columns(), .row = lines * box_rows_};
  if (boxed_) {
    end.column_gaps = boxes_per_line_ - 1;
    end.row_gaps = lines - 1;
    return end;
  }
  for (const int every : column_gaps_) end.column_gaps += (end.column - 1) / every;
  for (const int every : row_gaps_) end.row_gaps += (end.row - 1) / every;
  return end;
}

}  // namespace rankmesh::cli
