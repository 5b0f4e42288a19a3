#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "cluster/digit_search.hpp"
#include "cluster/placement_cost.hpp"

namespace rankmesh {

/// Collects placements and keeps the cheapest; of equal ones the first.
class PlacementSearch {
 public:
  PlacementSearch(const Topology& topology, const Cluster& cluster, const PlacementWeights& weights);

  [[nodiscard]] BestPlacement run();

 private:
  /// A factor of the ranks: what a step adds to the rank, and how many steps there are.
  struct Factor {
    std::int64_t stride = 1;
    int size = 1;
    /// Factors of one class may be exchanged without a difference.
    int label = 0;
  };

  void try_slots(std::vector<int> slots);
  /// Parts of a uniform cluster with as many slots as ranks, each exactly.
  void try_parts_of_levels();
  /// Orders of the factors on the first slots, or on the sorted hosts of other clusters.
  void try_orders();
  /// Every placement of few ranks.
  void try_everything();
  void place_next(int rank, std::vector<int>& slots, std::vector<bool>& is_used);
  void exchange_ranks();
  void exchange_hosts();

  [[nodiscard]] std::vector<Factor> factors(bool is_fine) const;
  /// The sorted slots, whole blocks of a size inside the domains of a level first.
  [[nodiscard]] std::vector<int> slots_in_blocks(std::size_t level, int block) const;
  /// The lists of slots worth trying for an order of factors.
  [[nodiscard]] std::vector<const std::vector<int>*> slot_orders(const std::vector<Factor>& order);
  [[nodiscard]] bool has_room(std::int64_t limit);
  /// Exchanges what is on two lists of slots if that helps.
  bool exchange(const std::vector<int>& ranks, const std::vector<int>& others);

  const Topology& topology_;
  const Cluster& cluster_;
  PlacementCost cost_;
  int ranks_;
  std::optional<RankDigits> digits_;
  std::vector<int> best_;
  double best_cost_ = 0;
  std::vector<Digit> best_digits_;
  std::int64_t visits_before_ = 0;
  /// Whether the distribution of factors among levels finds the best placement of all.
  bool is_exact_ = false;
  /// Whether orders are laid on the domains in whole blocks, as far as they have room.
  bool fills_domains_ = false;
  /// With `fills_domains_`, for each host in the order of its domains: the domain at each level, the host
  /// last.
  std::vector<std::vector<int>> sorted_hosts_;
  /// The slots of the largest domain of each level.
  std::vector<int> largest_domain_;
  /// By level and size of a block.
  std::map<std::pair<std::size_t, int>, std::vector<int>> slot_lists_;
};

}  // namespace rankmesh
