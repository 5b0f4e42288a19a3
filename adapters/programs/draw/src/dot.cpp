#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "formats.hpp"
#include "picture.hpp"

namespace rankmesh::cli {
namespace {

std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

/// Draws one kind: its ranks in clusters, one for each node, or for each group where there are no nodes.
/// Edges join the members of a group in their order. Clusters and ranks are written last to first, since dot
/// puts the first one on the right.
class KindGraph {
 public:
  KindGraph(const Picture& picture, const Panel& panel, Writer& out)
      : picture_(picture),
        panel_(panel),
        out_(out),
        name_(picture.name(*panel.kind)),
        groups_(picture.groups_of(panel.family())),
        colouring_(groups_, picture.tiling()) {}

  void write() {
    put("  subgraph cluster_{} {{\n    label={}; fontsize=16; color=\"#7d8590\";\n", name_,
        in_quotes(name_ + ": " + picture_.facts(panel_) +
                  (panel_.same.empty() ? "" : ", " + picture_.also(panel_))));
    if (picture_.tiling().has_boxes()) {
      write_nodes();
    } else {
      write_groups();
    }
    for (const auto& [group, cells] : cells_of_groups()) write_edges(group, cells);
    put("  }}\n");
  }

 private:
  template <typename... Args>
  void put(fmt::format_string<Args...> text, Args&&... args) {
    out_.put(fmt::format(text, std::forward<Args>(args)...));
  }

  /// The cells of each group, in the order of its members.
  [[nodiscard]] std::map<int, std::vector<int>> cells_of_groups() const {
    std::map<int, std::map<int, int>> by_position;
    for (int i = 0; i < picture_.tiling().count(); ++i) {
      const auto place = panel_.family().locate(picture_.rank_of(i));
      if (place) by_position[place->group][place->position] = i;
    }
    std::map<int, std::vector<int>> result;
    for (const auto& [group, cells] : by_position) {
      for (const auto& [position, cell] : cells) result[group].push_back(cell);
    }
    return result;
  }

  void write_nodes() {
    const Tiling& tiling = picture_.tiling();
    for (int node = tiling.box_count() - 1; node >= 0; --node) {
      put("    subgraph cluster_{}_node{} {{\n      label={}; style=dashed;\n", name_, node,
          in_quotes(picture_.box_name(node)));
      for (int i = std::min((node + 1) * tiling.box_size(), tiling.count()) - 1;
           i >= node * tiling.box_size(); --i) {
        write_rank(i);
      }
      put("    }}\n");
    }
  }

  void write_groups() {
    const auto groups = cells_of_groups();
    for (auto i = groups.rbegin(); i != groups.rend(); ++i) {
      const auto& [group, cells] = *i;
      put("    subgraph cluster_{}_{} {{\n      label=\"group {}\"; style=rounded;\n", name_, group, group);
      for (auto cell = cells.rbegin(); cell != cells.rend(); ++cell) write_rank(*cell);
      put("    }}\n");
    }
    for (int i = picture_.tiling().count() - 1; i >= 0; --i) {
      if (!groups_[static_cast<std::size_t>(i)]) write_rank(i);
    }
  }

  void write_rank(int cell) {
    const int rank = picture_.rank_of(cell);
    if (rank < 0) return;
    const auto group = groups_[static_cast<std::size_t>(cell)];
    put("      {}_{} [label=\"{}\", tooltip={}", name_, rank, rank, in_quotes(picture_.about(panel_, rank)));
    if (group) {
      const Colour& colour = palette[static_cast<std::size_t>(colouring_.look(*group).colour)];
      put(", fillcolor=\"{}\", fontcolor=\"{}\"", colour.light, colour.text_light);
    } else {
      put(", style=dashed");
    }
    put("];\n");
  }

  void write_edges(int group, const std::vector<int>& cells) {
    if (cells.size() < 2) return;
    put("   ");
    const char* separator = " ";
    for (const int cell : cells) {
      put("{}{}_{}", separator, name_, picture_.rank_of(cell));
      separator = " -- ";
    }
    const Colour& colour = palette[static_cast<std::size_t>(colouring_.look(group).colour)];
    put(" [color=\"{}\"];\n", colour.light);
  }

  const Picture& picture_;
  const Panel& panel_;
  Writer& out_;
  std::string name_;
  std::vector<std::optional<int>> groups_;
  Colouring colouring_;
};

}  // namespace

void print_dot(const Picture& picture, Writer& out) {
  std::string label;
  for (const std::string& line : picture.head()) {
    if (!label.empty() && picture.blocks() && line == picture.head().back()) break;
    label += (label.empty() ? "" : "\n") + line;
  }
  if (picture.is_part() && !picture.request().hosts) {
    label += fmt::format("\nthe ranks {} .. {} of them", picture.first_rank(),
                         picture.first_rank() + picture.tiling().count() - 1);
  }
  out.put("graph rankmesh {\n");
  out.put(fmt::format("  label={}; labelloc=t; labeljust=l; fontname=\"sans-serif\"; fontsize=18;\n",
                      in_quotes(label)));
  out.put(
      "  node [shape=box, style=filled, fillcolor=\"#ffffff\", fontname=\"sans-serif\", width=0.45, "
      "height=0.3, "
      "margin=0.04];\n"
      "  edge [penwidth=2];\n");
  for (const Panel& panel : picture.panels()) KindGraph(picture, panel, out).write();
  out.put("}\n");
}

}  // namespace rankmesh::cli
