#include "cluster/digit_search.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

namespace rankmesh {
namespace {

/// Equal prime factors of one block. Exchanging two of them changes no crossings but those of chains, which
/// are fewest if the faster factors are further inside.
struct FactorClass {
  std::size_t block = 0;
  int prime = 2;
  /// The factors, as places in the list of factors, fastest first.
  std::vector<std::size_t> factors{};
};

struct Factor {
  std::size_t block = 0;
  int prime = 2;
  /// Of the rank.
  std::int64_t stride = 1;
};

/// The search for one order of the factors of each block.
class Distribution {
 public:
  Distribution(const RankDigits& digits, const std::vector<WeightedKind>& kinds, std::vector<Factor> factors,
               const std::vector<int>& fanouts, const std::vector<double>& costs)
      : digits_(digits),
        kinds_(kinds),
        factors_(std::move(factors)),
        fanouts_(fanouts),
        costs_(costs) {
    for (std::size_t i = 0; i < factors_.size(); ++i) {
      const auto found = std::find_if(classes_.begin(), classes_.end(), [&](const FactorClass& c) {
        return c.block == factors_[i].block && c.prime == factors_[i].prime;
      });
      if (found == classes_.end()) {
        classes_.push_back({factors_[i].block, factors_[i].prime, {i}});
      } else {
        found->factors.push_back(i);
      }
    }
  }

  /// The least cost, and for each level the number of factors of each class.
  std::optional<double> search() {
    const double cost = rest(0, std::vector<int>(classes_.size()));
    return cost < std::numeric_limits<double>::infinity() ? std::optional(cost) : std::nullopt;
  }

  /// The digits of the best distribution, fastest first.
  std::vector<Digit> digits(const std::vector<int>& strides) {
    std::vector<Digit> result(factors_.size());
    std::vector<int> below(classes_.size());
    for (std::size_t level = 0; level < fanouts_.size(); ++level) {
      const std::vector<int> next = memo_.at({level, below}).next;
      std::int64_t stride = strides[level];
      // The faster factors of the ranks are the faster ones of the slots, so that ranks stay in order.
      for (std::size_t i = 0; i < factors_.size(); ++i) {
        const auto place = class_and_index(i);
        if (place.second < below[place.first] || place.second >= next[place.first]) continue;
        result[i] = {factors_[i].prime, stride};
        stride *= factors_[i].prime;
      }
      below = next;
    }
    return result;
  }

 private:
  struct Memo {
    double cost = 0;
    std::vector<int> next{};
  };

  [[nodiscard]] std::pair<std::size_t, int> class_and_index(std::size_t factor) const {
    for (std::size_t c = 0; c < classes_.size(); ++c) {
      const auto& list = classes_[c].factors;
      const auto found = std::find(list.begin(), list.end(), factor);
      if (found != list.end()) return {c, static_cast<int>(found - list.begin())};
    }
    return {};
  }

  /// The least cost of the levels from one on.
  /// @param below how many factors of each class are in the levels inside
  double rest(std::size_t level, const std::vector<int>& below) {
    if (level == fanouts_.size()) return 0;
    const auto known = memo_.find({level, below});
    if (known != memo_.end()) return known->second.cost;
    Memo best{.cost = std::numeric_limits<double>::infinity()};
    std::vector<int> next = below;
    choose(level, 0, fanouts_[level], next, best);
    memo_[{level, below}] = best;
    return best.cost;
  }

  /// Chooses factors from a class on, whose product is `left`.
  void choose(std::size_t level, std::size_t at, int left, std::vector<int>& next, Memo& best) {
    if (left == 1) {
      double cost = level + 1 < fanouts_.size() ? crossing_cost(level, next) : 0;
      if (cost >= best.cost) return;
      cost += rest(level + 1, next);
      if (is_less(cost, best.cost)) best = {cost, next};
      return;
    }
    if (at == classes_.size()) return;
    const int before = next[at];
    // Many of the faster classes first: equal costs then keep the order of the ranks.
    std::vector<int> products{left};
    while (next[at] < static_cast<int>(classes_[at].factors.size()) &&
           products.back() % classes_[at].prime == 0) {
      products.push_back(products.back() / classes_[at].prime);
      ++next[at];
    }
    for (std::size_t taken = products.size(); taken-- > 0;) {
      next[at] = before + static_cast<int>(taken);
      choose(level, at + 1, products[taken], next, best);
    }
    next[at] = before;
  }

  [[nodiscard]] double crossing_cost(std::size_t level, const std::vector<int>& below) const {
    if (costs_[level] == 0) return 0;
    double sum = 0;
    for (std::size_t i = 0; i < kinds_.size(); ++i) {
      sum += kinds_[i].weight * kinds_[i].family->group_count() * crossings(i, below);
    }
    return costs_[level] * sum;
  }

  [[nodiscard]] double crossings(std::size_t kind, const std::vector<int>& below) const {
    double within = 1;
    for (std::size_t c = 0; c < classes_.size(); ++c) {
      if (!digits_.blocks[classes_[c].block].inside[kind]) continue;
      for (int i = 0; i < below[c]; ++i) within *= classes_[c].prime;
    }
    const double size = kinds_[kind].family->group_size();
    const double domains = size / within;
    if (domains < 1.5) return 0;
    switch (kinds_[kind].pattern) {
      case TrafficPattern::all_to_all:
        return size * (size - within) / (size - 1);
      case TrafficPattern::chain:
        return chain_crossings(kind, below);
      case TrafficPattern::ring:
        break;
    }
    return domains;
  }

  /// Consecutive members differ outside the domain where the fastest factor outside changes.
  [[nodiscard]] double chain_crossings(std::size_t kind, const std::vector<int>& below) const {
    double run = 1;
    for (std::size_t i = 0; i < factors_.size(); ++i) {
      if (!digits_.blocks[factors_[i].block].inside[kind]) continue;
      const auto place = class_and_index(i);
      if (place.second >= below[place.first]) break;
      run *= factors_[i].prime;
    }
    return kinds_[kind].family->group_size() / run - 1;
  }

  const RankDigits& digits_;
  const std::vector<WeightedKind>& kinds_;
  std::vector<Factor> factors_;
  const std::vector<int>& fanouts_;
  const std::vector<double>& costs_;
  std::vector<FactorClass> classes_;
  std::map<std::pair<std::size_t, std::vector<int>>, Memo> memo_;
};

/// All orders of the prime factors of the blocks of chains; other blocks have one. At most 64.
std::vector<std::vector<Factor>> factor_orders(const RankDigits& digits,
                                               const std::vector<WeightedKind>& kinds) {
  constexpr std::size_t most = 64;
  std::vector<std::vector<Factor>> orders{{}};
  for (std::size_t b = 0; b < digits.blocks.size(); ++b) {
    const RankDigits::Block& block = digits.blocks[b];
    bool is_in_chain = false;
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      is_in_chain = is_in_chain || (block.inside[i] && kinds[i].pattern == TrafficPattern::chain);
    }
    std::vector<int> primes = prime_factors(block.size);
    std::vector<std::vector<Factor>> next;
    do {
      for (const std::vector<Factor>& before : orders) {
        next.push_back(before);
        std::int64_t stride = block.stride;
        for (const int prime : primes) {
          next.back().push_back({b, prime, stride});
          stride *= prime;
        }
      }
    } while (is_in_chain && next.size() < most && std::next_permutation(primes.begin(), primes.end()));
    orders = std::move(next);
  }
  return orders;
}

}  // namespace

std::vector<int> prime_factors(std::int64_t number) {
  std::vector<int> factors;
  for (std::int64_t prime = 2; prime * prime <= number; ++prime) {
    for (; number % prime == 0; number /= prime) factors.push_back(static_cast<int>(prime));
  }
  if (number > 1) factors.push_back(static_cast<int>(number));
  return factors;
}

std::optional<RankDigits> rank_digits(const std::vector<WeightedKind>& kinds, int ranks) {
  std::set<std::int64_t> borders{1, ranks};
  std::vector<GroupFormula> formulas;
  for (const WeightedKind& kind : kinds) {
    formulas.push_back(kind.family->formula());
    const GroupFormula& formula = formulas.back();
    if (formula.positions || !formula.picked.empty() || formula.first_rank != 0 ||
        kind.family->member_count() != ranks) {
      return std::nullopt;
    }
    for (const auto digits : {formula.grouping.inside(), formula.grouping.outside()}) {
      for (const Digit& digit : digits) borders.insert({digit.stride, digit.stride * digit.size});
    }
  }
  RankDigits result;
  for (auto border = borders.begin(); std::next(border) != borders.end(); ++border) {
    if (*std::next(border) % *border != 0) return std::nullopt;
    RankDigits::Block block{*border, *std::next(border) / *border, {}};
    for (const GroupFormula& formula : formulas) {
      const auto inside = formula.grouping.inside();
      block.inside.push_back(std::any_of(inside.begin(), inside.end(), [&](const Digit& digit) {
        return digit.stride <= block.stride && block.stride < digit.stride * digit.size;
      }));
    }
    result.blocks.push_back(std::move(block));
  }
  return result;
}

std::optional<DigitPlacement> best_distribution(const RankDigits& digits,
                                                const std::vector<WeightedKind>& kinds,
                                                const std::vector<int>& fanouts,
                                                const std::vector<int>& strides,
                                                const std::vector<double>& costs) {
  std::optional<DigitPlacement> best;
  for (std::vector<Factor>& factors : factor_orders(digits, kinds)) {
    Distribution distribution(digits, kinds, std::move(factors), fanouts, costs);
    const auto cost = distribution.search();
    if (!cost || (best && !is_less(*cost, best->cost))) continue;
    best = {distribution.digits(strides), *cost};
  }
  return best;
}

}  // namespace rankmesh
