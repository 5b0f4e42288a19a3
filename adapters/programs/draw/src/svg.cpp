#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "formats.hpp"
#include "picture.hpp"
#include "svg_style.hpp"

namespace rankmesh::cli {
namespace {

/// Sizes in pixels.
struct Metrics {
  int width;
  int height;
  int gap;
  double rank_font;
  double group_font;
};

constexpr Metrics block_metrics{34, 24, 6, 9, 0};
constexpr int node_margin = 5;
constexpr int node_label = 13;
constexpr double node_font = 9.5;

std::string group_text(int group) {
  return fmt::format("g{}", group);
}

/// Boxes in which the largest rank and the largest number of a group have room.
Metrics metrics_of(const Picture& picture) {
  const int cells = picture.tiling().count();
  Metrics metrics = cells <= 64    ? Metrics{44, 40, 8, 15, 10.5}
                    : cells <= 256 ? Metrics{36, 31, 7, 11.5, 9}
                                   : Metrics{30, 25, 6, 9.5, 8};
  const int last_rank = picture.last_rank();
  metrics.width = std::max(metrics.width, width_of(fmt::format("{}", last_rank), metrics.rank_font) + 4);
  for (const Panel& panel : picture.panels()) {
    for (const auto group : picture.groups_of(panel.family())) {
      if (group)
        metrics.width = std::max(metrics.width, width_of(group_text(*group), metrics.group_font) + 4);
    }
  }
  return metrics;
}

/// A grid in pixels: the places of its cells, and its size.
class Grid {
 public:
  /// @param label_width the room that a label of a box needs, if there are boxes
  Grid(const Tiling& tiling, Metrics metrics, int label_width) : tiling_(tiling), metrics_(metrics) {
    if (tiling.has_boxes()) {
      const int cells = tiling.box_columns() * metrics.width;
      box_width_ = std::max(cells, label_width) + 2 * node_margin;
      column_gap_ = box_width_ - cells + metrics.gap;
      row_gap_ = 2 * node_margin + node_label + metrics.gap;
      left_ = node_margin;
      right_ = box_width_ - cells - node_margin;
      top_ = node_margin + node_label;
    } else {
      column_gap_ = row_gap_ = metrics.gap;
    }
  }

  [[nodiscard]] const Tiling& tiling() const noexcept { return tiling_; }
  [[nodiscard]] const Metrics& metrics() const noexcept { return metrics_; }
  [[nodiscard]] int x(Spot spot) const noexcept {
    return left_ + spot.column * metrics_.width + spot.column_gaps * column_gap_;
  }
  [[nodiscard]] int y(Spot spot) const noexcept {
    return top_ + spot.row * metrics_.height + spot.row_gaps * row_gap_;
  }
  [[nodiscard]] int box_width() const noexcept { return box_width_; }
  [[nodiscard]] int width() const noexcept { return x(tiling_.extent()) + right_; }
  [[nodiscard]] int height() const noexcept {
    return y(tiling_.extent()) + (tiling_.has_boxes() ? node_margin : 0);
  }

 private:
  Tiling tiling_;
  Metrics metrics_;
  int box_width_ = 0;
  int column_gap_ = 0;
  int row_gap_ = 0;
  int left_ = 0;
  int right_ = 0;
  int top_ = 0;
};

/// Writes the picture: a grid of panels of equal size.
class SvgWriter {
 public:
  SvgWriter(const Picture& picture, Writer& out)
      : picture_(picture),
        out_(out),
        grid_(picture.tiling(), metrics_of(picture),
              width_of(picture.box_name(picture.tiling().box_count() - 1), node_font)) {
    if (picture.blocks()) block_grid_.emplace(picture.block_tiling(16), block_metrics, 0);
    lay_out();
  }

  void write() {
    put("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" "
        "role=\"img\" aria-labelledby=\"rankmesh-title rankmesh-about\">\n",
        width_, height_);
    put("<title id=\"rankmesh-title\">{}</title>\n",
        escaped("Parallel groups of a " + picture_.head().front()));
    put("<desc id=\"rankmesh-about\">{}</desc>\n", escaped(description()));
    put_style(out_, {.rank = grid_.metrics().rank_font,
                     .group = grid_.metrics().group_font,
                     .block = block_metrics.rank_font,
                     .node = node_font});
    put("<rect class=\"page\" width=\"{}\" height=\"{}\" rx=\"8\"/>\n", width_, height_);
    int y = margin + 14;
    for (std::size_t i = 0; i < head_.size(); ++i, y += line_height) {
      put("<text class=\"{}\" x=\"{}\" y=\"{}\">{}</text>\n", i == 0 ? "head" : "note", margin, y,
          escaped(head_[i]));
    }
    for (int i = 0; i < static_cast<int>(picture_.panels().size()); ++i) write_panel(i);
    y = height_ - margin + 4 - static_cast<int>(foot_.size() - 1) * line_height;
    for (const std::string& line : foot_) {
      put("<text class=\"note\" x=\"{}\" y=\"{}\">{}</text>\n", margin, y, escaped(line));
      y += line_height;
    }
    put("</svg>\n");
  }

 private:
  static constexpr int margin = 20;
  static constexpr int line_height = 18;
  static constexpr int space = 28;

  template <typename... Args>
  void put(fmt::format_string<Args...> text, Args&&... args) {
    out_.put(fmt::format(text, std::forward<Args>(args)...));
  }

  /// Chooses the number of panels in a line so that the picture is a little wider than high.
  void lay_out() {
    panel_width_ = grid_.width();
    if (block_grid_) panel_width_ += space + std::max(block_grid_->width(), width_of(whole_text(), 12));
    for (const Panel& panel : picture_.panels()) {
      panel_width_ = std::max({panel_width_, width_of(picture_.name(*panel.kind), 15),
                               width_of(picture_.facts(panel), 12), width_of(picture_.also(panel), 12)});
    }
    const auto has_more_names = [](const Panel& panel) { return !panel.same.empty(); };
    title_height_ = std::any_of(picture_.panels().begin(), picture_.panels().end(), has_more_names) ? 58 : 41;
    panel_height_ = title_height_ + std::max(grid_.height(), block_grid_ ? block_grid_->height() + 18 : 0);
    const int count = static_cast<int>(picture_.panels().size());
    const auto shape = [&](int columns) {
      const int rows = (count + columns - 1) / columns;
      const double wide = double(columns) * (panel_width_ + space);
      return std::abs(std::log2(wide / (double(rows) * (panel_height_ + space)) / 1.5)) +
             0.15 * (columns * rows - count) + (wide > 2000 ? 4 : 0);
    };
    for (int columns = 2; columns <= count; ++columns) {
      if (shape(columns) < shape(columns_)) columns_ = columns;
    }
    const int rows = (count + columns_ - 1) / columns_;
    width_ = 2 * margin + std::max(columns_ * (panel_width_ + space) - space,
                                   std::min(width_of(picture_.head().front(), 16) + 1, 1000));
    head_ = wrapped(picture_.head(), 16);
    foot_ = wrapped({legend()}, 12.5);
    top_ = margin + static_cast<int>(head_.size()) * line_height + 14;
    height_ =
        top_ + rows * (panel_height_ + space) + static_cast<int>(foot_.size()) * line_height + margin - 10;
  }

  /// The lines, broken at spaces so that none is wider than the picture.
  /// @param font the size of the first line; the others are notes
  [[nodiscard]] std::vector<std::string> wrapped(const std::vector<std::string>& lines, double font) const {
    std::vector<std::string> result;
    for (std::string line : lines) {
      const auto fits = [&](std::size_t length) {
        return width_of(std::string_view(line).substr(0, length), result.empty() ? font : 12.5) <=
               width_ - 2 * margin;
      };
      while (!fits(line.size())) {
        std::size_t end = line.rfind(' ');
        while (end != std::string::npos && end > 0 && !fits(end)) end = line.rfind(' ', end - 1);
        if (end == std::string::npos) end = line.find(' ');
        if (end == std::string::npos) break;
        result.push_back(line.substr(0, end));
        line.erase(0, end + 1);
      }
      result.push_back(line);
    }
    return result;
  }

  [[nodiscard]] static std::string legend() {
    return "In a box: the rank, below it its group. One colour, with the same bar at the edge or none, is "
           "one group; "
           "where there are more groups than colours, the number tells.";
  }

  [[nodiscard]] std::string description() const {
    std::string text;
    for (const Panel& panel : picture_.panels()) {
      text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", picture_.name(*panel.kind),
                          picture_.facts(panel));
    }
    return text;
  }

  void write_panel(int index) {
    const Panel& panel = picture_.panels()[static_cast<std::size_t>(index)];
    const int x = margin + index % columns_ * (panel_width_ + space);
    const int y = top_ + index / columns_ * (panel_height_ + space);
    put("<g class=\"panel\" transform=\"translate({} {})\" role=\"group\" aria-label=\"{}: {}\">\n", x, y,
        picture_.name(*panel.kind), picture_.facts(panel));
    put("<text class=\"name\" y=\"14\">{}</text>\n", picture_.name(*panel.kind));
    put("<text class=\"note{}\" y=\"31\">{}</text>\n", panel.crosses_nodes() ? " crosses" : "",
        picture_.facts(panel));
    if (!panel.same.empty()) put("<text class=\"note\" y=\"48\">{}</text>\n", picture_.also(panel));
    put("<g transform=\"translate(0 {})\">\n", title_height_);
    write_ranks(panel);
    put("</g>\n");
    if (block_grid_) write_blocks(panel);
    put("</g>\n");
  }

  void write_ranks(const Panel& panel) {
    const Tiling& tiling = grid_.tiling();
    if (tiling.has_boxes()) {
      for (int node = 0; node < tiling.box_count(); ++node) write_node(node);
    }
    const auto groups = picture_.groups_of(panel.family());
    const Colouring colouring(groups, tiling);
    for (int i = 0; i < tiling.count(); ++i) {
      const auto group = groups[static_cast<std::size_t>(i)];
      write_cell(panel, i, group, group ? std::optional(colouring.look(*group)) : std::nullopt);
    }
  }

  void write_node(int node) {
    const Tiling& tiling = grid_.tiling();
    const Spot first = tiling.spot(node * tiling.box_size());
    const int x = grid_.x(first) - node_margin;
    const int y = grid_.y(first) - node_margin - node_label;
    put("<g class=\"node\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"5\"/>"
        "<text x=\"{}\" y=\"{}\">{}</text></g>\n",
        x, y, grid_.box_width(), tiling.box_rows() * grid_.metrics().height + 2 * node_margin + node_label,
        x + 6, y + 12, picture_.box_name(node));
  }

  void write_cell(const Panel& panel, int i, std::optional<int> group, std::optional<Look> look) {
    const Metrics& metrics = grid_.metrics();
    const int rank = picture_.rank_of(i);
    const Spot spot = grid_.tiling().spot(i);
    const int x = grid_.x(spot);
    const int y = grid_.y(spot);
    const int middle = x + metrics.width / 2;
    put("<g class=\"cell {}\"><title>{}</title><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"3\"/>",
        look                                 ? look_class(*look)
        : picture_.topology().contains(rank) ? "none"
                                             : "none outside",
        picture_.about(panel, rank), x + 1, y + 1, metrics.width - 2, metrics.height - 2);
    const double rank_y = y + metrics.height * (group ? 0.45 : 0.62);
    if (rank >= 0) put("<text class=\"r\" x=\"{}\" y=\"{:.1f}\">{}</text>", middle, rank_y, rank);
    if (group) {
      put("<text class=\"n\" x=\"{}\" y=\"{:.1f}\">{}</text>", middle, y + metrics.height * 0.78,
          group_text(*group));
    }
    put("</g>\n");
  }

  [[nodiscard]] std::string whole_text() const {
    return fmt::format("all ranks, {} to a box: group 0", picture_.blocks()->size);
  }

  void write_blocks(const Panel& panel) {
    const Blocks& blocks = *picture_.blocks();
    const Tiling& tiling = block_grid_->tiling();
    const auto members = members_in(blocks, panel.family(), 0);
    put("<g class=\"whole\" transform=\"translate({} {})\">\n", grid_.width() + space, title_height_);
    put("<text class=\"note\" y=\"9\">{}</text>\n", whole_text());
    for (int i = 0; i < tiling.count(); ++i) {
      const Spot spot = tiling.spot(i);
      const std::int64_t first = blocks.first + i * blocks.size;
      const std::int64_t last = std::min(first + blocks.size, blocks.first + blocks.ranks) - 1;
      const std::int64_t count = members[static_cast<std::size_t>(i)];
      const int x = block_grid_->x(spot);
      const int y = block_grid_->y(spot) + 18;
      put("<g class=\"block {}\"><title>ranks {} .. {}: {} of the {} members of group 0</title>"
          "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"2\"/>",
          count > 0 ? "c0m0" : "none", first, last, count, panel.family().group_size(), x + 1, y + 1,
          block_metrics.width - 2, block_metrics.height - 2);
      if (count > 0) {
        put("<text class=\"b\" x=\"{}\" y=\"{}\">{}</text>", x + block_metrics.width / 2, y + 15,
            short_number(count));
      }
      put("</g>\n");
    }
    put("</g>\n");
  }

  const Picture& picture_;
  Writer& out_;
  Grid grid_;
  std::optional<Grid> block_grid_;
  int columns_ = 1;
  int title_height_ = 0;
  int panel_width_ = 0;
  int panel_height_ = 0;
  int width_ = 0;
  int height_ = 0;
  int top_ = 0;
  std::vector<std::string> head_;
  std::vector<std::string> foot_;
};

}  // namespace

void print_svg(const Picture& picture, Writer& out) {
  SvgWriter(picture, out).write();
}

}  // namespace rankmesh::cli
