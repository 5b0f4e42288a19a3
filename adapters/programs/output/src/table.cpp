#include "rankmesh/output/table.hpp"

#include <algorithm>

namespace rankmesh::cli {
namespace {

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

std::size_t Table::width() const {
  std::size_t total = 0;
  for (std::size_t i = 0; i < columns_.size(); ++i) total += is_empty(i) ? 0 : width(i) + gap;
  return total;
}

std::string Table::padded(std::size_t column, const Cell& cell, Style style) const {
  const std::string padding(width(column) - cell.text.size(), ' ');
  const std::string text = coloured(cell, style);
  return columns_[column].align == Align::right ? padding + text : text + padding;
}

void Table::print(Writer& out, Style style) const {
  std::vector<std::size_t> shown;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (!is_empty(i)) shown.push_back(i);
  }
  const auto print_line = [&](const auto& cell_of) {
    std::string text;
    for (const std::size_t i : shown) text += (i == shown.front() ? "" : "  ") + padded(i, cell_of(i), style);
    text.erase(text.find_last_not_of(' ') + 1);
    return text + "\n";
  };
  std::string heading = print_line([&](std::size_t i) { return Cell{columns_[i].heading}; });
  heading.pop_back();
  out.put(style.bold(heading) + "\n");
  for (const auto& line : lines_) {
    out.put(print_line([&](std::size_t i) -> const Cell& { return line[i]; }));
  }
}

}  // namespace rankmesh::cli
