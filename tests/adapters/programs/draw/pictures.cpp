#include "pictures.hpp"

#include <cctype>
#include <cstdlib>

namespace rankmesh::tests {
namespace {

/// The text between two texts, from a position on.
std::string between(const std::string& text, std::size_t from, const std::string& before,
                    const std::string& after) {
  const std::size_t begin = text.find(before, from);
  if (begin == std::string::npos) return "";
  return text.substr(begin + before.size(), text.find(after, begin + before.size()) - begin - before.size());
}

Cell read_cell(const std::string& element) {
  Cell cell{.look = between(element, 0, "<g class=\"cell ", "\"")};
  const std::string rank = between(element, 0, "<text class=\"r\"", "/text>");
  cell.rank = std::atoi(between(rank, 0, ">", "<").c_str());
  const std::string group = between(element, 0, "<text class=\"n\"", "/text>");
  if (!group.empty()) cell.group = std::atoi(between(group, 0, ">g", "<").c_str());
  cell.x = std::atoi(between(element, 0, "<rect x=\"", "\"").c_str());
  cell.y = std::atoi(between(element, 0, " y=\"", "\"").c_str());
  return cell;
}

/// The problem of a tag.
std::string attributes_problem(const std::string& tag) {
  bool in_value = false;
  for (std::size_t i = 0; i < tag.size(); ++i) {
    if (tag[i] == '"') in_value = !in_value;
    if (in_value && tag[i] == '<') return "< in a value";
    if (!in_value && tag[i] == '=' && (i + 1 == tag.size() || tag[i + 1] != '"'))
      return "a value without quotes";
  }
  return in_value ? "a quote that is not closed" : "";
}

}  // namespace

std::vector<DrawnKind> read_svg(const std::string& svg) {
  std::vector<DrawnKind> kinds;
  const std::string panel = "<g class=\"panel\"";
  const std::string cell = "<g class=\"cell ";
  for (std::size_t at = svg.find(panel); at != std::string::npos;) {
    const std::size_t next = svg.find(panel, at + 1);
    DrawnKind kind{.name = between(svg, at, "aria-label=\"", ":")};
    for (std::size_t i = svg.find(cell, at); i < next && i != std::string::npos; i = svg.find(cell, i + 1)) {
      kind.cells.push_back(read_cell(svg.substr(i, svg.find("</g>", i) - i)));
    }
    kinds.push_back(std::move(kind));
    at = next;
  }
  return kinds;
}

std::string malformed(const std::string& xml) {
  std::vector<std::string> open;
  for (std::size_t at = xml.find('<'); at != std::string::npos; at = xml.find('<', at + 1)) {
    const std::size_t end = xml.find('>', at);
    if (end == std::string::npos) return "a tag that does not end";
    const std::string tag = xml.substr(at + 1, end - at - 1);
    if (const std::string problem = attributes_problem(tag); !problem.empty())
      return problem + ": <" + tag + ">";
    std::size_t length = tag.starts_with('/') ? 1 : 0;
    while (length < tag.size() && std::isalnum(static_cast<unsigned char>(tag[length])) != 0) ++length;
    const std::string name = tag.substr(0, length);
    if (name.starts_with('/')) {
      if (open.empty() || "/" + open.back() != name) return "<" + name + "> closes nothing";
      open.pop_back();
    } else if (!tag.ends_with('/')) {
      open.push_back(name);
    }
  }
  return open.empty() ? "" : "<" + open.back() + "> is not closed";
}

}  // namespace rankmesh::tests
