#include "cluster/placement_search.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

namespace rankmesh {
namespace {

/// How many visits of a member at a level a part of the search may take: less than a second on uniform
/// clusters, of which orders come close to the best, and seconds on others.
constexpr std::int64_t order_visits(bool is_uniform) {
  return is_uniform ? 40'000'000 : 300'000'000;
}
constexpr std::int64_t exchange_visits(bool is_uniform) {
  return order_visits(is_uniform) / 2;
}
constexpr int few_ranks = 8;
/// Single ranks are exchanged in jobs of at most so many.
constexpr int most_exchanged_ranks = 512;

/// Domains of a uniform cluster are filled in whole blocks in jobs of at most so many ranks.
constexpr int most_filled_ranks = 65536;

/// All ways to write a number as a product of numbers up to limits, each the factor of a level.
void for_each_product(std::int64_t number, const std::vector<int>& limits, std::vector<int>& chosen,
                      std::vector<std::vector<int>>& result) {
  constexpr std::size_t most = 1000;
  const std::size_t level = chosen.size();
  if (level == limits.size()) {
    if (number == 1 && result.size() < most) result.push_back(chosen);
    return;
  }
  for (int part = limits[level]; part >= 1; --part) {
    if (number % part != 0) continue;
    chosen.push_back(part);
    for_each_product(number / part, limits, chosen, result);
    chosen.pop_back();
  }
}

bool is_power_of(std::int64_t number, int prime) {
  while (number % prime == 0) number /= prime;
  return number == 1;
}

}  // namespace

PlacementSearch::PlacementSearch(const Topology& topology, const Cluster& cluster,
                                 const PlacementWeights& weights)
    : topology_(topology),
      cluster_(cluster),
      cost_(topology, cluster, weights),
      ranks_(topology.world_size()),
      digits_(rank_digits(cost_.kinds(), ranks_)),
      best_(static_cast<std::size_t>(ranks_)) {
  std::iota(best_.begin(), best_.end(), 0);
  best_cost_ = cost_.of(best_);
  const int prime = prime_factors(std::max(ranks_, 2)).front();
  is_exact_ =
      digits_ && cluster.is_uniform() && is_power_of(ranks_, prime) && is_power_of(cluster.slots(), prime);
  fills_domains_ = !cluster.is_uniform() || (!is_exact_ && ranks_ <= most_filled_ranks);
  if (!fills_domains_) return;
  largest_domain_.resize(cluster.host_level() + 1);
  std::vector<std::vector<int>> sizes;
  for (std::size_t level = 0; level <= cluster.host_level(); ++level) {
    sizes.emplace_back(static_cast<std::size_t>(cluster.domain_count(level)));
  }
  for (int host = 0; host < cluster.hosts(); ++host) {
    std::vector<int>& path = sorted_hosts_.emplace_back();
    for (std::size_t level = 0; level <= cluster.host_level(); ++level) {
      path.push_back(cluster.domain_of(cluster.first_slot(host), level));
      int& size = sizes[level][static_cast<std::size_t>(path.back())];
      size += cluster.slots_of_host(host);
      largest_domain_[level] = std::max(largest_domain_[level], size);
    }
  }
  std::sort(sorted_hosts_.begin(), sorted_hosts_.end());
}

BestPlacement PlacementSearch::run() {
  BestPlacement result{.cost_before = best_cost_};
  if (best_cost_ > 0) {
    if (cluster_.is_uniform()) try_parts_of_levels();
    if (ranks_ <= few_ranks && cluster_.slots() <= 2 * few_ranks) {
      try_everything();
    } else {
      try_orders();
      if (fills_domains_) exchange_hosts();
      if (ranks_ <= most_exchanged_ranks) exchange_ranks();
    }
  }
  result.cost_after = best_cost_;
  if (!is_less(best_cost_, result.cost_before)) {
    result.placement = Placement::identity(ranks_);
    result.cost_after = result.cost_before;
  } else {
    result.placement = best_digits_.empty() ? Placement(best_) : Placement::of_digits(best_digits_);
  }
  return result;
}

void PlacementSearch::try_slots(std::vector<int> slots) {
  const double cost = cost_.of(slots);
  if (!is_less(cost, best_cost_)) return;
  best_cost_ = cost;
  best_ = std::move(slots);
  best_digits_.clear();
}

bool PlacementSearch::has_room(std::int64_t limit) {
  return cost_.visited() - visits_before_ + cost_.visits() <= limit;
}

void PlacementSearch::try_parts_of_levels() {
  if (!digits_) return;
  std::vector<int> limits;
  std::vector<int> strides;
  std::vector<double> costs;
  for (std::size_t level = cluster_.level_count(); level-- > 0;) {
    const int outside = level == 0 ? 1 : cluster_.domain_count(level - 1);
    limits.push_back(cluster_.domain_count(level) / outside);
    strides.push_back(*cluster_.domain_size(level));
    double cost = 0;
    for (const WeightedLevel& weighted : cost_.levels()) {
      if (level > 0 && weighted.level == level - 1) cost = weighted.cost;
    }
    costs.push_back(cost);
  }
  std::vector<std::vector<int>> parts;
  std::vector<int> chosen;
  for_each_product(ranks_, limits, chosen, parts);
  std::optional<DigitPlacement> best;
  for (const std::vector<int>& fanouts : parts) {
    const auto found = best_distribution(*digits_, cost_.kinds(), fanouts, strides, costs);
    if (found && (!best || is_less(found->cost, best->cost))) best = found;
  }
  if (!best || !is_less(best->cost, best_cost_)) return;
  best_cost_ = best->cost;
  best_digits_ = best->digits;
  best_ = Placement::of_digits(best_digits_).slots();
}

std::vector<PlacementSearch::Factor> PlacementSearch::factors(bool is_fine) const {
  std::vector<Factor> result;
  std::vector<std::pair<std::int64_t, std::int64_t>> blocks;
  if (digits_) {
    for (const RankDigits::Block& block : digits_->blocks) blocks.emplace_back(block.stride, block.size);
  } else if (topology_.layout_size() == ranks_) {
    for (const Axis& axis : topology_.mesh().axes()) {
      if (axis.size > 1) blocks.emplace_back(topology_.mesh().stride(axis.name), axis.size);
    }
  } else {
    blocks.emplace_back(1, ranks_);
  }
  for (const auto& [begin, size] : blocks) {
    std::int64_t stride = begin;
    const std::vector<int> primes = is_fine ? prime_factors(size) : std::vector<int>{static_cast<int>(size)};
    for (std::size_t i = 0; i < primes.size(); ++i) {
      const bool is_again = i > 0 && primes[i] == primes[i - 1];
      const int label = result.empty() ? 0 : result.back().label + (is_again ? 0 : 1);
      result.push_back({stride, primes[i], label});
      stride *= primes[i];
    }
  }
  return result;
}

std::vector<int> PlacementSearch::slots_in_blocks(std::size_t level, int block) const {
  std::vector<int> whole;
  std::vector<int> rest;
  std::vector<int> domain;
  const auto close = [&] {
    const auto full = static_cast<std::ptrdiff_t>(domain.size() / static_cast<std::size_t>(block)) * block;
    whole.insert(whole.end(), domain.begin(), domain.begin() + full);
    rest.insert(rest.end(), domain.begin() + full, domain.end());
    domain.clear();
  };
  for (std::size_t i = 0; i < sorted_hosts_.size(); ++i) {
    if (i > 0 && sorted_hosts_[i][level] != sorted_hosts_[i - 1][level]) close();
    const int host = sorted_hosts_[i].back();
    for (int slot = 0; slot < cluster_.slots_of_host(host); ++slot)
      domain.push_back(cluster_.first_slot(host) + slot);
  }
  close();
  whole.insert(whole.end(), rest.begin(), rest.end());
  return whole;
}

std::vector<const std::vector<int>*> PlacementSearch::slot_orders(const std::vector<Factor>& order) {
  std::vector<int> blocks{1};
  for (const Factor& factor : order) blocks.push_back(blocks.back() * factor.size);
  std::vector<const std::vector<int>*> result;
  for (const int block : blocks) {
    for (std::size_t level = 0; level <= cluster_.host_level(); ++level) {
      // Larger blocks than every domain change nothing.
      if (block > 1 && block > largest_domain_[level]) continue;
      std::vector<int>& slots = slot_lists_[{level, block}];
      if (slots.empty()) slots = slots_in_blocks(level, block);
      const auto is_same = [&](const std::vector<int>* other) { return *other == slots; };
      if (std::none_of(result.begin(), result.end(), is_same)) result.push_back(&slots);
    }
  }
  return result;
}

void PlacementSearch::try_orders() {
  visits_before_ = cost_.visited();
  if (is_exact_) return;
  std::vector<int> in_order(static_cast<std::size_t>(ranks_));
  std::iota(in_order.begin(), in_order.end(), 0);
  for (const bool is_fine : {false, true}) {
    const std::vector<Factor> all = factors(is_fine);
    std::vector<int> labels;
    for (const Factor& factor : all) labels.push_back(factor.label);
    do {
      // The i-th place of a label is that of its i-th factor.
      std::vector<Factor> order;
      std::map<int, std::size_t> next;
      for (const int label : labels) {
        auto [at, is_new] = next.try_emplace(label, 0);
        while (all[at->second].label != label) ++at->second;
        order.push_back(all[at->second++]);
      }
      std::vector<int> rank_at(static_cast<std::size_t>(ranks_));
      std::int64_t run = 1;
      for (const Factor& factor : order) {
        for (std::int64_t i = run; i < run * factor.size; ++i) {
          rank_at[static_cast<std::size_t>(i)] =
              rank_at[static_cast<std::size_t>(i % run)] + static_cast<int>(i / run * factor.stride);
        }
        run *= factor.size;
      }
      const auto lists =
          fills_domains_ ? slot_orders(order) : std::vector<const std::vector<int>*>{&in_order};
      for (const std::vector<int>* slots : lists) {
        if (!has_room(order_visits(cluster_.is_uniform()))) return;
        std::vector<int> slot_of_rank(static_cast<std::size_t>(ranks_));
        for (std::size_t i = 0; i < rank_at.size(); ++i)
          slot_of_rank[static_cast<std::size_t>(rank_at[i])] = (*slots)[i];
        try_slots(std::move(slot_of_rank));
      }
    } while (std::next_permutation(labels.begin(), labels.end()));
  }
}

void PlacementSearch::try_everything() {
  std::vector<int> slots;
  std::vector<bool> is_used(static_cast<std::size_t>(cluster_.slots()));
  place_next(0, slots, is_used);
}

void PlacementSearch::place_next(int rank, std::vector<int>& slots, std::vector<bool>& is_used) {
  if (rank == ranks_) return try_slots(slots);
  const std::size_t innermost = cluster_.level_count() - 2;
  int domain_before = -1;
  for (int slot = 0; slot < cluster_.slots(); ++slot) {
    // Slots of one domain of the innermost level but one are alike: the first free one stands for all.
    const int domain = cluster_.domain_of(slot, innermost);
    if (is_used[static_cast<std::size_t>(slot)] || domain == domain_before) continue;
    domain_before = domain;
    is_used[static_cast<std::size_t>(slot)] = true;
    slots.push_back(slot);
    place_next(rank + 1, slots, is_used);
    slots.pop_back();
    is_used[static_cast<std::size_t>(slot)] = false;
  }
}

bool PlacementSearch::exchange(const std::vector<int>& ranks, const std::vector<int>& others) {
  std::vector<int> both = ranks;
  both.insert(both.end(), others.begin(), others.end());
  const double before = cost_.of_groups_with(both, best_);
  const auto swap_slots = [&] {
    for (std::size_t i = 0; i < ranks.size(); ++i) {
      std::swap(best_[static_cast<std::size_t>(ranks[i])], best_[static_cast<std::size_t>(others[i])]);
    }
  };
  swap_slots();
  const double after = cost_.of_groups_with(both, best_);
  if (after < before - 1e-9 * (1 + best_cost_)) {
    best_cost_ -= before - after;
    best_digits_.clear();
    return true;
  }
  swap_slots();
  return false;
}

void PlacementSearch::exchange_ranks() {
  visits_before_ = cost_.visited();
  for (bool is_better = true; is_better;) {
    is_better = false;
    for (int rank = 0; rank < ranks_; ++rank) {
      for (int other = rank + 1; other < ranks_; ++other) {
        if (cluster_.host_of(best_[static_cast<std::size_t>(rank)]) ==
            cluster_.host_of(best_[static_cast<std::size_t>(other)])) {
          continue;
        }
        if (cost_.visited() - visits_before_ > exchange_visits(cluster_.is_uniform())) return;
        is_better |= exchange({rank}, {other});
      }
    }
  }
}

void PlacementSearch::exchange_hosts() {
  visits_before_ = cost_.visited();
  for (bool is_better = true; is_better;) {
    is_better = false;
    std::vector<std::vector<int>> on_host(static_cast<std::size_t>(cluster_.hosts()));
    for (int rank = 0; rank < ranks_; ++rank) {
      on_host[static_cast<std::size_t>(cluster_.host_of(best_[static_cast<std::size_t>(rank)]))].push_back(
          rank);
    }
    for (std::size_t host = 0; host < on_host.size(); ++host) {
      for (std::size_t other = host + 1; other < on_host.size(); ++other) {
        if (on_host[host].size() != on_host[other].size() || on_host[host].empty()) continue;
        if (cost_.visited() - visits_before_ > exchange_visits(cluster_.is_uniform())) return;
        if (!exchange(on_host[host], on_host[other])) continue;
        std::swap(on_host[host], on_host[other]);
        is_better = true;
      }
    }
  }
}

}  // namespace rankmesh
