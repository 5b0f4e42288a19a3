#include "rankmesh/output/table.hpp"

#include <algorithm>

#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

constexpr std::size_t gap = 2;
/// How far lines are indented that continue another one.
constexpr std::size_t indent = 4;

std::string coloured(const Table::Cell& cell, Style style) {
  switch (cell.colour) {
    case Table::Colour::cyan:
      return style.cyan(cell.text);
    case Table::Colour::red:
      return style.red(cell.text);
    case Table::Colour::none:
      break;
  }
  return cell.text;
}

}  // namespace

bool Table::is_empty(std::size_t column) const {
  return std::all_of(lines_.begin(), lines_.end(),
                     [&](const std::vector<Cell>& line) { return line[column].text.empty(); });
}

std::size_t Table::width(std::size_t column) const {
  std::size_t widest = columns_[column].heading.size();
  for (const auto& line : lines_) widest = std::max(widest, line[column].text.size());
  return widest;
}

std::vector<Table::Columns> Table::bands(std::size_t line_width) const {
  std::vector<Columns> result(1);
  std::size_t used = 0;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (is_empty(i)) continue;
    const std::size_t needed = (result.back().empty() ? 0 : gap) + width(i);
    if (!result.back().empty() && used + needed > line_width) {
      result.emplace_back();
      used = indent + width(i);
    } else {
      used += needed;
    }
    result.back().push_back(i);
  }
  return result;
}

std::string Table::line_of(const Columns& band, const std::vector<Cell>& cells, Style style,
                           std::size_t room) const {
  std::string text;
  for (const std::size_t i : band) {
    // A cell that is wider than the line is alone in its band.
    const Cell cell{joined(wrapped(cells[i].text, room), "\n" + std::string(indent, ' ')), cells[i].colour};
    const std::string padding(width(i) - std::min(width(i), cell.text.size()), ' ');
    const bool is_right = columns_[i].align == Align::right;
    text += std::string(text.empty() ? 0 : gap, ' ') + (is_right ? padding : "") + coloured(cell, style) +
            (is_right ? "" : padding);
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

void Table::print(Writer& out, Style style) const {
  std::vector<Cell> headings;
  for (const Column& column : columns_) headings.push_back({column.heading});
  const std::vector<Columns> all_bands = bands(style.width());
  const auto print_line = [&](const std::vector<Cell>& cells, bool is_heading) {
    for (std::size_t i = 0; i < all_bands.size(); ++i) {
      const auto is_blank = [&](std::size_t column) { return cells[column].text.empty(); };
      if (i > 0 && std::all_of(all_bands[i].begin(), all_bands[i].end(), is_blank)) continue;
      const std::string start(i == 0 ? 0 : indent, ' ');
      const std::size_t room = style.width() - std::min(style.width(), start.size());
      const std::string line =
          start + line_of(all_bands[i], cells, is_heading ? Style(false, style.width()) : style, room);
      out.put((is_heading ? style.bold(line) : line) + "\n");
    }
  };
  print_line(headings, true);
  for (const auto& line : lines_) print_line(line, false);
}

std::string hanging(std::string_view text, std::size_t width) {
  std::string result = wrapped(text, width).front();
  const std::string_view rest = text.substr(std::min(text.size(), result.size() + 1));
  if (rest.empty()) return result;
  const std::string start = "\n" + std::string(indent, ' ');
  return result + start + joined(wrapped(rest, width - std::min(width, indent)), start);
}

}  // namespace rankmesh::cli
