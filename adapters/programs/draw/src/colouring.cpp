#include "colouring.hpp"

#include <array>
#include <set>
#include <tuple>
#include <utility>

namespace rankmesh::cli {
namespace {

using Neighbours = std::map<int, std::set<int>>;

/// The groups that touch each group, at its sides, above or below.
Neighbours neighbours_of(std::span<const std::optional<int>> groups, const Tiling& tiling) {
  std::map<std::pair<int, int>, int> grid;
  Neighbours result;
  const auto meet = [&](int group, int column, int row) {
    const auto other = grid.find({column, row});
    if (other == grid.end() || other->second == group) return;
    result[group].insert(other->second);
    result[other->second].insert(group);
  };
  for (int cell = 0; cell < static_cast<int>(groups.size()); ++cell) {
    const auto group = groups[static_cast<std::size_t>(cell)];
    if (!group) continue;
    const Spot spot = tiling.spot(cell);
    grid[{spot.column, spot.row}] = *group;
  }
  for (const auto& [place, group] : grid) {
    result[group];
    meet(group, place.first + 1, place.second);
    meet(group, place.first, place.second + 1);
  }
  return result;
}

/// Counts how often colours and looks were used.
struct Used {
  std::array<int, colour_count> colours{};
  std::array<std::array<int, mark_count>, colour_count> looks{};

  void add(Look look) {
    ++colours[static_cast<std::size_t>(look.colour)];
    ++looks[static_cast<std::size_t>(look.colour)][static_cast<std::size_t>(look.mark)];
  }
  [[nodiscard]] int of(Look look) const {
    return looks[static_cast<std::size_t>(look.colour)][static_cast<std::size_t>(look.mark)];
  }
  [[nodiscard]] int of_colour(Look look) const { return colours[static_cast<std::size_t>(look.colour)]; }
};

/// The best look for the group at index `place`, by these criteria in order: not the look of a neighbour, the
/// least used look, not the colour of a neighbour, the first in turn.
Look choose(int place, const Used& everywhere, const Used& beside) {
  const auto cost = [&](Look look) {
    return std::tuple(beside.of(look) > 0, everywhere.of(look), beside.of_colour(look));
  };
  Look best = look_in_turn(place);
  for (int step = 1; step < colour_count * mark_count; ++step) {
    const Look look = look_in_turn(place + step);
    if (cost(look) < cost(best)) best = look;
  }
  return best;
}

}  // namespace

Colouring::Colouring(std::span<const std::optional<int>> groups, const Tiling& tiling) {
  const Neighbours neighbours = neighbours_of(groups, tiling);
  Used everywhere;
  int place = 0;
  for (const auto& [group, touching] : neighbours) {
    Used beside;
    for (const int other : touching) {
      if (const auto found = looks_.find(other); found != looks_.end()) beside.add(found->second);
    }
    const Look look = choose(place++, everywhere, beside);
    unique_ = unique_ && everywhere.of(look) == 0;
    everywhere.add(look);
    looks_[group] = look;
  }
}

}  // namespace rankmesh::cli
