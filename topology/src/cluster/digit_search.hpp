#pragma once

#include <optional>
#include <vector>

#include "cluster/placement_cost.hpp"

namespace rankmesh {

/// The digits of the ranks of a job, fastest first, so fine that for each kind every digit varies inside the
/// groups or numbers them.
struct RankDigits {
  struct Block {
    std::int64_t stride = 1;
    std::int64_t size = 1;
    /// For each kind, whether the digit varies inside a group.
    std::vector<bool> inside{};
  };

  std::vector<Block> blocks{};
};

/// The digits; nothing if the groups of some kind are not a part of the same mixed radix: groups that were
/// picked from or split, or meshes whose axes overlap.
[[nodiscard]] std::optional<RankDigits> rank_digits(const std::vector<WeightedKind>& kinds, int ranks);

/// A placement by digits with its cost.
struct DigitPlacement {
  std::vector<Digit> digits{};
  double cost = 0;
};

/// The best distribution of the prime factors of the digits among the levels of a uniform cluster.
/// @param fanouts how many parts each level has, innermost first: the slots of a host, the hosts of a rack.
///        The product is the number of ranks
/// @param strides the slots between two parts
/// @param costs what a crossing of each level but the innermost costs: `costs[i]` is that of leaving a domain
///        of the levels 0 .. i
/// @return nothing if the factors cannot be distributed
[[nodiscard]] std::optional<DigitPlacement> best_distribution(const RankDigits& digits,
                                                              const std::vector<WeightedKind>& kinds,
                                                              const std::vector<int>& fanouts,
                                                              const std::vector<int>& strides,
                                                              const std::vector<double>& costs);

/// The prime factors of a number, ascending.
[[nodiscard]] std::vector<int> prime_factors(std::int64_t number);

}  // namespace rankmesh
