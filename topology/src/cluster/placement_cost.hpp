#pragma once

#include <vector>

#include "rankmesh/topology/best_placement.hpp"

namespace rankmesh {

/// Two costs are equal but for rounding.
[[nodiscard]] inline bool is_less(double cost, double other) {
  return cost + 1e-9 * (1 + cost) < other;
}

/// A kind with a weight and groups of two or more members.
struct WeightedKind {
  const GroupFamily* family = nullptr;
  TrafficPattern pattern = TrafficPattern::ring;
  double weight = 1;
};

/// A level that costs something.
struct WeightedLevel {
  std::size_t level = 0;
  double cost = 1;
};

/// Costs of lists of slots. Every number that a caller may bound counts visits of a member at a level.
class PlacementCost {
 public:
  /// @throws RangeError as `placement_cost`
  PlacementCost(const Topology& topology, const Cluster& cluster, const PlacementWeights& weights);

  [[nodiscard]] const std::vector<WeightedKind>& kinds() const& noexcept { return kinds_; }
  [[nodiscard]] const std::vector<WeightedLevel>& levels() const& noexcept { return levels_; }
  /// The visits that `of` takes.
  [[nodiscard]] std::int64_t visits() const noexcept;

  /// The cost of all groups.
  [[nodiscard]] double of(const std::vector<int>& slot_of_rank);
  /// The cost of the groups that hold a rank of a list.
  [[nodiscard]] double of_groups_with(const std::vector<int>& ranks, const std::vector<int>& slot_of_rank);
  /// The visits of all calls so far.
  [[nodiscard]] std::int64_t visited() const noexcept { return visited_; }

 private:
  [[nodiscard]] double of_group(const WeightedKind& kind, int group, const std::vector<int>& slot_of_rank);
  [[nodiscard]] double crossings(TrafficPattern pattern, const WeightedLevel& level);

  const Cluster* cluster_;
  std::vector<WeightedKind> kinds_;
  std::vector<WeightedLevel> levels_;
  /// The slots of the group at hand, and its members in each domain.
  std::vector<int> members_;
  std::vector<int> counts_;
  std::vector<int> touched_;
  std::int64_t visited_ = 0;
  std::vector<std::vector<int>> seen_;
  int round_ = 0;
};

}  // namespace rankmesh
