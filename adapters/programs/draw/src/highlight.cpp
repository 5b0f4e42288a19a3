#include "highlight.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace rankmesh::cli {
namespace {

bool is_along_one_axis(const KindFamily* kind) {
  return kind->derivation == Derivation::whole && kind->varying.size() == 1;
}

bool has_plain_name(const KindFamily* kind) {
  return kind->kind.name().find('_') == std::string_view::npos;
}

bool is_whole_layout(const Panel& panel, const Topology& topology) {
  return panel.family().group_count() == 1 && panel.family().group_size() == topology.layout_size();
}

/// The best of the kinds with equal groups that a panel shows.
std::vector<const KindFamily*> best_of(const Panel& panel, bool are_few) {
  std::vector<const KindFamily*> kinds{panel.kind};
  kinds.insert(kinds.end(), panel.same.begin(), panel.same.end());
  std::vector<const KindFamily*> along_one;
  std::vector<const KindFamily*> plain;
  std::copy_if(kinds.begin(), kinds.end(), std::back_inserter(along_one), is_along_one_axis);
  std::copy_if(along_one.begin(), along_one.end(), std::back_inserter(plain), has_plain_name);
  if (!plain.empty()) return plain;
  if (!along_one.empty()) return {along_one.front()};
  if (are_few) return {panel.kind};
  return {};
}

}  // namespace

std::vector<const KindFamily*> highlighted_at_first(const Picture& picture) {
  const auto& panels = picture.panels();
  std::vector<const KindFamily*> chosen;
  if (!picture.request().kinds.empty()) {
    for (const Panel& panel : panels) chosen.push_back(panel.kind);
    return chosen;
  }
  const auto choose = [&](bool with_whole_layout, bool are_few) {
    for (const Panel& panel : panels) {
      if (!with_whole_layout && is_whole_layout(panel, picture.topology())) continue;
      const auto best = best_of(panel, are_few);
      chosen.insert(chosen.end(), best.begin(), best.end());
    }
  };
  const bool are_few = panels.size() <= colour_count;
  choose(false, are_few);
  if (chosen.empty()) choose(true, are_few);
  if (chosen.empty()) choose(true, true);
  // Panels are in the order of their first kinds; the kinds themselves lie in one array.
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace rankmesh::cli
