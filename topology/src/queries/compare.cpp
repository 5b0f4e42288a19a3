#include "rankmesh/topology/compare.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "layout/digits.hpp"
#include "rankmesh/topology/kind_names.hpp"

namespace rankmesh {
namespace {

const KindFamily* find_long(const Topology& topology, GroupKind long_name) {
  const auto kinds = topology.kinds();
  const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const KindFamily& kind) {
    return long_name_of(kind.kind) == long_name;
  });
  return found == kinds.end() ? nullptr : &*found;
}

/// The first ranks of the groups of a family that has one list of ranks, moved for each group: `first` plus
/// the digits of the group's number, merged.
struct Heads {
  std::int64_t first = 0;
  std::vector<Digit> digits{};
  std::int64_t count = 1;

  [[nodiscard]] std::int64_t operator[](std::int64_t number) const noexcept {
    std::int64_t rank = first;
    for (const Digit& digit : digits) {
      rank += number % digit.size * digit.stride;
      number /= digit.size;
    }
    return rank;
  }
  /// The same ranks in ascending order.
  [[nodiscard]] Heads ascending() const {
    Heads result{.first = first, .count = count};
    std::vector<Digit> sorted = digits;
    std::sort(sorted.begin(), sorted.end(),
              [](const Digit& a, const Digit& b) { return a.stride < b.stride; });
    for (const Digit& digit : sorted) append_merged(result.digits, digit);
    return result;
  }
};

/// Nothing if the groups are parts of different form, or a slice that is not a product of digits.
std::optional<Heads> heads_of(const GroupFamily& family) {
  const GroupFormula formula = family.formula();
  if (formula.positions) return std::nullopt;
  Heads heads{.first = family.group(0).front(), .count = family.group_count()};
  std::int64_t from = formula.first_group;
  std::int64_t left = family.group_count();
  for (const Digit& digit : formula.grouping.outside()) {
    if (left == 1) break;
    // A slice takes whole digits, and some values of the digit behind them.
    const std::int64_t taken = std::min(left, digit.size);
    if (left % taken != 0 || from % digit.size + taken > digit.size) return std::nullopt;
    append_merged(heads.digits, {taken, digit.stride});
    left /= taken;
    from /= digit.size;
  }
  return heads;
}

/// The first number that two families give to other ranks, or that only one of them has.
std::optional<std::int64_t> first_difference(const Heads& a, const Heads& b) {
  if (a.first != b.first) return 0;
  std::int64_t equal = 1;
  for (std::size_t i = 0; i < a.digits.size() || i < b.digits.size(); ++i) {
    if (i >= a.digits.size() || i >= b.digits.size() || a.digits[i].stride != b.digits[i].stride)
      return equal;
    // Behind the shorter digit comes another stride, since neighbouring digits are merged.
    if (a.digits[i].size != b.digits[i].size) return equal * std::min(a.digits[i].size, b.digits[i].size);
    equal *= a.digits[i].size;
  }
  return std::nullopt;
}

/// Whether all groups of both families are the same list of ranks, moved.
bool same_steps(const GroupFamily& a, const GroupFamily& b) {
  if (a.group_size() != b.group_size()) return false;
  const GroupFormula of_a = a.formula();
  const GroupFormula of_b = b.formula();
  if (of_a.picked.empty() && of_b.picked.empty()) {
    const auto x = of_a.grouping.inside();
    const auto y = of_b.grouping.inside();
    return std::equal(x.begin(), x.end(), y.begin(), y.end());
  }
  const RankList x = a.group(0);
  const RankList y = b.group(0);
  return std::equal(x.begin(), x.end(), y.begin(),
                    [&](int in_a, int in_b) { return in_a - x.front() == in_b - y.front(); });
}

/// How far below its first rank a group reaches: 0 unless positions were picked.
std::int64_t depth_of(const GroupFamily& family) {
  if (family.formula().picked.empty()) return 0;
  const RankList ranks = family.group(0);
  return ranks.front() - *std::min_element(ranks.begin(), ranks.end());
}

/// The families before they were split, if both were split in the same way: then they differ where those do.
std::optional<std::pair<GroupFamily, GroupFamily>> before_split(const GroupFamily& a, const GroupFamily& b) {
  const GroupFormula of_a = a.formula();
  const GroupFormula of_b = b.formula();
  if (!of_a.positions || of_a.positions != of_b.positions) return std::nullopt;
  const auto whole = [](const GroupFamily& family,
                        const GroupFormula& formula) -> std::optional<GroupFamily> {
    const std::int64_t groups =
        std::int64_t{formula.grouping.group_count()} * formula.positions->group_count();
    if (!formula.picked.empty() || family.group_count() != groups) return std::nullopt;
    return GroupFamily(formula.grouping).placed(formula.first_rank, family.world_size());
  };
  const auto whole_a = whole(a, of_a);
  const auto whole_b = whole(b, of_b);
  if (!whole_a || !whole_b || !same_steps(*whole_a, *whole_b)) return std::nullopt;
  return std::pair(*whole_a, *whole_b);
}

/// The first rank whose group has other members in b than in a, or another order of members: rank by rank,
/// each group once.
std::optional<int> first_rank_by_walking(const GroupFamily& a, const GroupFamily& b) {
  const int end = std::max(a.world_size(), b.world_size());
  for (int rank = 0; rank < end; ++rank) {
    const auto in_a = a.locate(rank);
    const auto in_b = b.locate(rank);
    if (!in_a && !in_b) continue;
    // Both groups have been compared already at an earlier member.
    if (in_a && in_b && in_a->position == in_b->position && a.group(in_a->group).front() < rank &&
        b.group(in_b->group).front() < rank) {
      continue;
    }
    if (in_a && in_b && a.group(in_a->group) == b.group(in_b->group)) continue;
    return rank;
  }
  return std::nullopt;
}

bool has_same_order_by_walking(const GroupFamily& a, const GroupFamily& b) {
  if (a.group_count() != b.group_count()) return false;
  for (int group = 0; group < a.group_count(); ++group) {
    if (!(a.group(group) == b.group(group))) return false;
  }
  return true;
}

/// How the lists of two families differ.
struct Comparison {
  /// The first rank whose group is another list.
  std::optional<int> rank{};
  /// Whether the lists are the same, under the same numbers.
  bool same_order = false;
};

Comparison compare_lists(const GroupFamily& a, const GroupFamily& b) {
  if (const auto whole = before_split(a, b)) return compare_lists(whole->first, whole->second);
  const auto heads_a = heads_of(a);
  const auto heads_b = heads_of(b);
  if (!heads_a || !heads_b) {
    const auto rank = first_rank_by_walking(a, b);
    return {rank, !rank && has_same_order_by_walking(a, b)};
  }
  const std::int64_t depth = depth_of(a);
  if (!same_steps(a, b)) {
    return {static_cast<int>(std::min(heads_a->first - depth, heads_b->first - depth_of(b)))};
  }
  const Heads x = heads_a->ascending();
  const Heads y = heads_b->ascending();
  const auto number = first_difference(x, y);
  if (!number) return {std::nullopt, !first_difference(*heads_a, *heads_b)};
  std::int64_t head = std::numeric_limits<std::int64_t>::max();
  for (const Heads& heads : {x, y}) {
    if (*number < heads.count) head = std::min(head, heads[*number]);
  }
  return {static_cast<int>(head - depth)};
}

/// The number of the group that holds a rank.
std::optional<int> group_of(const GroupFamily& family, int rank) {
  const auto place = family.locate(rank);
  return place ? std::optional(place->group) : std::nullopt;
}

KindComparison compare_families(const KindFamily& a, const KindFamily& b) {
  KindComparison result{.in_a = a.kind, .in_b = b.kind};
  if (a.family == b.family) {
    result.equal = true;
    return result;
  }
  const Comparison lists = compare_lists(a.family, b.family);
  if (lists.rank) {
    result.first = {*lists.rank, group_of(a.family, *lists.rank), group_of(b.family, *lists.rank)};
    return result;
  }
  result.equal = lists.same_order;
  result.same_but_order = !lists.same_order;
  return result;
}

}  // namespace

std::vector<KindComparison> compare(const Topology& a, const Topology& b) {
  std::vector<KindComparison> result;
  for (const KindFamily& kind : a.kinds()) {
    if (const KindFamily* other = find_long(b, long_name_of(kind.kind))) {
      result.push_back(compare_families(kind, *other));
    } else {
      result.push_back({.in_a = kind.kind});
    }
  }
  for (const KindFamily& kind : b.kinds()) {
    if (find_long(a, long_name_of(kind.kind)) == nullptr) result.push_back({.in_b = kind.kind});
  }
  return result;
}

bool agree(const std::vector<KindComparison>& comparisons) noexcept {
  bool compared = false;
  for (const KindComparison& kind : comparisons) {
    if (!kind.in_a || !kind.in_b) continue;
    if (!kind.equal) return false;
    compared = true;
  }
  return compared;
}

}  // namespace rankmesh
