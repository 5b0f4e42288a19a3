#include "rankmesh/output/rank_text.hpp"

#include <fmt/format.h>

#include <iterator>

#include "rankmesh/topology/rank_list.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

/// Whether the list has so few ranks that its text could fit: a rank takes at least one digit and ", ".
bool may_fit(const GroupFamily& family, std::size_t width) {
  return static_cast<std::size_t>(family.group_size()) <= width / 3;
}

/// How many ranks are shown at the front and at the back of a shortened list.
struct Ends {
  int front;
  int back;
};

std::string ends_text(const GroupFamily& family, int group, Ends ends) {
  const RankList ranks = family.group(group);
  std::string text = "[";
  for (int i = 0; i < ends.front; ++i) text += fmt::format("{}, ", ranks[i]);
  text += "...";
  for (int i = ranks.size() - ends.back; i < ranks.size(); ++i) {
    text += fmt::format("{} {}", i == ranks.size() - ends.back ? "" : ",", ranks[i]);
  }
  return text + "]";
}

}  // namespace

std::string full_text(const GroupFamily& family, int group) {
  std::string text;
  family.group(group).for_each([&](int rank) {
    text += text.empty() ? "[" : ", ";
    fmt::format_to(std::back_inserter(text), "{}", rank);
  });
  return text + "]";
}

std::size_t full_width(const GroupFamily& family, int group) {
  std::size_t width = 0;
  family.group(group).for_each([&](int rank) { width += fmt::formatted_size("{}, ", rank); });
  return width;
}

std::string short_list_text(const GroupFamily& family, int group, std::size_t width) {
  if (may_fit(family, width) || family.group_size() <= 2) {
    std::string text = full_text(family, group);
    if (text.size() <= width || family.group_size() <= 2) return text;
  }
  for (const Ends ends : {Ends{3, 2}, Ends{3, 1}, Ends{2, 1}}) {
    if (family.group_size() <= ends.front + ends.back) continue;
    std::string text = ends_text(family, group, ends);
    if (text.size() <= width) return text;
  }
  return ends_text(family, group, {1, 1});
}

std::string list_text(const GroupFamily& family, int group, std::size_t width) {
  const std::string count = " (" + counted(family.group_size(), "rank") + ")";
  if (may_fit(family, width)) {
    std::string text = full_text(family, group);
    if (text.size() <= width) return text;
  }
  if (family.group_size() <= 2) return full_text(family, group);
  return short_list_text(family, group, width > count.size() ? width - count.size() : 0) + count;
}

std::string groups_text(const GroupFamily& family) {
  return counted(family.group_count(), "group") + fmt::format(" of {}", family.group_size());
}

std::string nodes_text(const GroupFamily& family, BlockSpan nodes) {
  const std::string count = nodes.fewest == nodes.most
                                ? counted(nodes.most, "node")
                                : fmt::format("{} to {} nodes", nodes.fewest, nodes.most);
  return "on " + count + (family.group_count() > 1 ? " each" : "");
}

}  // namespace rankmesh::cli
