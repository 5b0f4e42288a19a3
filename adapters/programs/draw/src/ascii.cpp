#include <fmt/format.h>

#include <algorithm>

#include "formats.hpp"
#include "picture.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

/// A line of text, and its width on the screen without the escape codes of colours.
struct Line {
  std::string text{};
  std::size_t width = 0;

  void add(std::string_view plain) { add(plain, std::string(plain)); }
  void add(std::string_view plain, const std::string& styled) {
    text += styled;
    width += plain.size();
  }
  void pad_to(std::size_t column) {
    if (width < column) add(std::string(column - width, ' '));
  }
};

std::size_t digits(std::int64_t number) {
  return fmt::formatted_size("{}", number);
}

/// The digits of the largest group number that is drawn.
std::size_t cell_width(const Picture& picture) {
  int most = 0;
  for (const Panel& panel : picture.panels()) {
    for (const auto& group : picture.groups_of(panel.family())) most = std::max(most, group.value_or(0));
  }
  return digits(most) + (picture.is_in_order() ? 0 : digits(picture.last_rank()) + 1);
}

/// Draws one panel as lines of text.
class PanelText {
 public:
  PanelText(const Picture& picture, const Panel& panel, Style style)
      : picture_(picture),
        panel_(panel),
        style_(style),
        groups_(picture.groups_of(panel.family())),
        colouring_(groups_, picture.tiling()) {
    std::int64_t most = 0;
    for (const auto& group : groups_) most = std::max<std::int64_t>(most, group.value_or(0));
    width_ = digits(most);
    // Without an order that the place shows, the rank is before the group.
    if (!picture.is_in_order()) rank_width_ = digits(picture.last_rank());
    if (rank_width_ > 0) width_ += rank_width_ + 1;
    label_width_ = rank_width_ > 0 ? 2 : digits(picture.last_rank()) + 2;
  }

  [[nodiscard]] std::vector<Line> lines() const {
    std::vector<Line> result = heading();
    const Tiling& tiling = picture_.tiling();
    int gaps = 0;
    for (int row = 0; row < tiling.extent().row; ++row) {
      const std::vector<int> cells = cells_of(row);
      if (cells.empty()) break;
      const Spot spot = tiling.spot(cells.front());
      if (tiling.has_boxes() ? row % tiling.box_rows() == 0 : spot.row_gaps > gaps) {
        if (tiling.has_boxes()) {
          result.push_back(node_labels(cells));
        } else {
          result.emplace_back();
        }
      }
      gaps = spot.row_gaps;
      result.push_back(cells_text(cells));
    }
    if (picture_.blocks()) add_blocks(result);
    return result;
  }

 private:
  [[nodiscard]] std::vector<Line> heading() const {
    std::vector<Line> result;
    const std::string name = picture_.name(*panel_.kind);
    result.emplace_back().add(name, style_.bold(name));
    result.emplace_back().add(picture_.facts(panel_));
    // Long lists of names are broken at blanks.
    std::string also = picture_.also(panel_);
    while (also.size() > 44 && also.rfind(' ', 44) > 5) {
      const std::size_t at = also.rfind(' ', 44);
      add_faint(result.emplace_back(), also.substr(0, at));
      also.erase(0, at + 1);
    }
    if (!also.empty()) add_faint(result.emplace_back(), also);
    return result;
  }

  void add_faint(Line& line, const std::string& text) const { line.add(text, style_.faint(text)); }

  /// The cells of one row, from left to right.
  [[nodiscard]] std::vector<int> cells_of(int row) const {
    const Tiling& tiling = picture_.tiling();
    std::vector<int> cells;
    const int boxes = tiling.columns() / tiling.box_columns();
    for (int column = 0; column < tiling.columns(); ++column) {
      const int box = row / tiling.box_rows() * boxes + column / tiling.box_columns();
      const int in_box = row % tiling.box_rows() * tiling.box_columns() + column % tiling.box_columns();
      const int cell = box * tiling.box_size() + in_box;
      if (in_box < tiling.box_size() && cell < tiling.count()) cells.push_back(cell);
    }
    return cells;
  }

  [[nodiscard]] std::size_t column_of(Spot spot) const {
    return label_width_ + static_cast<std::size_t>(spot.column) * (width_ + 1) +
           static_cast<std::size_t>(spot.column_gaps) * gap();
  }
  [[nodiscard]] std::size_t gap() const { return picture_.tiling().has_boxes() ? 2 : 1; }

  [[nodiscard]] Line node_labels(const std::vector<int>& cells) const {
    const Tiling& tiling = picture_.tiling();
    Line line;
    for (const int cell : cells) {
      if (cell % tiling.box_size() != 0) continue;
      const std::size_t room = static_cast<std::size_t>(tiling.box_columns()) * (width_ + 1) + 1;
      std::string label = picture_.box_name(cell / tiling.box_size());
      if (label.size() > room && label.starts_with("node ")) label.erase(0, 5);
      if (label.size() > room) label.clear();
      line.pad_to(column_of(tiling.spot(cell)));
      add_faint(line, label);
    }
    return line;
  }

  [[nodiscard]] Line cells_text(const std::vector<int>& cells) const {
    Line line;
    if (rank_width_ == 0)
      add_faint(line, fmt::format("{:>{}}", picture_.rank_of(cells.front()), label_width_ - 2));
    for (const int cell : cells) {
      line.pad_to(column_of(picture_.tiling().spot(cell)));
      add_cell(line, cell);
    }
    return line;
  }

  void add_cell(Line& line, int cell) const {
    const auto group = groups_[static_cast<std::size_t>(cell)];
    if (!group) {
      const bool is_ours = picture_.topology().contains(picture_.rank_of(cell));
      const std::string rank = is_ours && rank_width_ > 0 ? fmt::format("{}:", picture_.rank_of(cell)) : "";
      add_faint(line, fmt::format("{:>{}}", rank + (is_ours ? "." : "-"), width_));
      return;
    }
    const std::string rank = rank_width_ > 0 ? fmt::format("{}:", picture_.rank_of(cell)) : "";
    const std::string text = fmt::format("{:>{}}", rank + std::to_string(*group), width_);
    const Look look = colouring_.look(*group);
    const Colour& colour = palette[static_cast<std::size_t>(look.colour)];
    line.add(text, style_.on_colour(colour.terminal, colour.black_text, look.mark > 0, text));
  }

  /// The outline of all ranks, with a character for each block.
  void add_blocks(std::vector<Line>& lines) const {
    const Blocks& blocks = *picture_.blocks();
    const auto members = members_in(blocks, panel_.family(), 0);
    const Tiling tiling = picture_.block_tiling(32);
    add_faint(lines.emplace_back(),
              fmt::format("all {} ranks, {} to a character, # where group 0 has members:", blocks.ranks,
                          blocks.size));
    for (int i = 0; i < tiling.count(); ++i) {
      const Spot spot = tiling.spot(i);
      if (spot.column == 0) lines.emplace_back();
      lines.back().pad_to(2 + static_cast<std::size_t>(spot.column + spot.column_gaps));
      lines.back().add(members[static_cast<std::size_t>(i)] > 0 ? "#" : ".");
    }
  }

  const Picture& picture_;
  const Panel& panel_;
  Style style_;
  std::vector<std::optional<int>> groups_;
  Colouring colouring_;
  std::size_t width_;
  std::size_t rank_width_ = 0;
  std::size_t label_width_;
};

std::size_t width_of(const std::vector<Line>& lines) {
  std::size_t width = 0;
  for (const Line& line : lines) width = std::max(width, line.width);
  return width;
}

/// Panels side by side.
void put_row(Writer& out, const std::vector<std::vector<Line>>& panels) {
  std::size_t height = 0;
  for (const auto& panel : panels) height = std::max(height, panel.size());
  for (std::size_t i = 0; i < height; ++i) {
    Line line;
    std::size_t column = 0;
    for (const auto& panel : panels) {
      if (i < panel.size() && panel[i].width > 0) {
        line.pad_to(column);
        line.text += panel[i].text;
        line.width += panel[i].width;
      }
      column += width_of(panel) + 4;
    }
    out.put(line.text + "\n");
  }
}

}  // namespace

int ascii_columns(const Topology& topology, const DrawRequest& request) {
  // A number has a space and at most one gap beside it, and the line has a label before the numbers.
  const std::size_t each =
      cell_width(Picture(topology, request, svg_columns)) + (request.gpus_per_node || request.hosts ? 3 : 2);
  return static_cast<int>((ascii_width - 12) / each);
}

void print_ascii(const Picture& picture, Writer& out, Style style) {
  for (const std::string& line : picture.head()) out.put(joined(wrapped(line, ascii_width), "\n") + "\n");
  std::vector<std::vector<Line>> row;
  std::size_t width = 0;
  const auto finish_row = [&] {
    out.put('\n');
    put_row(out, row);
    row.clear();
    width = 0;
  };
  for (const Panel& panel : picture.panels()) {
    std::vector<Line> lines = PanelText(picture, panel, style).lines();
    const std::size_t needed = width_of(lines);
    if (!row.empty() && width + 4 + needed > ascii_width) finish_row();
    width += (row.empty() ? 0 : 4) + needed;
    row.push_back(std::move(lines));
  }
  finish_row();
  out.put("\n" +
          style.faint(picture.is_in_order()
                          ? "A number is the group of a rank, . a rank in none; the first "
                            "rank of a line is on its left."
                          : "A cell is a slot: rank:group; . is a rank in no group, - an idle slot.") +
          "\n");
}

}  // namespace rankmesh::cli
