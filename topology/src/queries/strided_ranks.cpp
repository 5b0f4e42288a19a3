#include "queries/strided_ranks.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace rankmesh {
namespace {

std::vector<Digit> by_stride(std::span<const Digit> digits) {
  std::vector<Digit> sorted(digits.begin(), digits.end());
  std::sort(sorted.begin(), sorted.end(), [](const Digit& a, const Digit& b) { return a.stride < b.stride; });
  return sorted;
}

/// Whether the parts of a group are consecutive runs of its members, which ascend, numbered in order.
bool is_cut(const GroupFormula& formula) {
  const auto positions = formula.positions->inside();
  const auto inside = formula.grouping.inside();
  const bool is_run = positions.empty() || (positions.size() == 1 && positions.front().stride == 1);
  return is_run && formula.positions->outside().size() <= 1 && formula.picked.empty() &&
         std::is_sorted(inside.begin(), inside.end(),
                        [](const Digit& a, const Digit& b) { return a.stride < b.stride; });
}

}  // namespace

std::int64_t StridedRanks::reach() const noexcept {
  std::int64_t sum = 0;
  for (const Digit& digit : digits) sum += (digit.size - 1) * digit.stride;
  return sum;
}

std::int64_t StridedRanks::next(std::int64_t least) const noexcept {
  std::int64_t rank = first;
  std::int64_t faster = reach();
  for (auto digit = digits.rbegin(); digit != digits.rend() && rank < least; ++digit) {
    faster -= (digit->size - 1) * digit->stride;
    // What the faster digits cannot reach.
    const std::int64_t missing = std::max<std::int64_t>(least - rank - faster, 0);
    rank += (missing + digit->stride - 1) / digit->stride * digit->stride;
  }
  return rank;
}

void append_numbers(std::span<const Digit> radix, std::int64_t begin, std::int64_t end, std::int64_t first,
                    std::vector<StridedRanks>& boxes) {
  if (begin >= end) return;
  if (radix.empty()) {
    boxes.push_back({first, {}});
    return;
  }
  const std::int64_t stride = radix.back().stride;
  const auto faster = radix.first(radix.size() - 1);
  std::int64_t each = 1;
  for (const Digit& digit : faster) each *= digit.size;
  std::int64_t value = begin / each;
  const std::int64_t last = end / each;
  if (value == last) return append_numbers(faster, begin % each, end % each, first + value * stride, boxes);
  if (begin % each != 0) {
    append_numbers(faster, begin % each, each, first + value * stride, boxes);
    ++value;
  }
  if (value < last) {
    StridedRanks box{first + value * stride, {faster.begin(), faster.end()}};
    if (last - value > 1) box.digits.push_back({last - value, stride});
    boxes.push_back(std::move(box));
  }
  append_numbers(faster, 0, end % each, first + last * stride, boxes);
}

std::vector<StridedRanks> members_of_part(const GroupFormula& formula, int part) {
  std::vector<StridedRanks> boxes;
  const Grouping& grouping = formula.grouping;
  if (!formula.positions && formula.picked.empty()) {
    boxes.push_back({0, by_stride(grouping.inside())});
    return boxes;
  }
  const int start = formula.positions ? formula.positions->base(part) : 0;
  if (formula.positions && is_cut(formula)) {
    append_numbers(grouping.inside(), start, start + formula.positions->group_size(), 0, boxes);
    return boxes;
  }
  const int size =
      formula.picked.empty() ? formula.positions->group_size() : static_cast<int>(formula.picked.size());
  for (int member = 0; member < size; ++member) {
    const int position = formula.picked.empty() ? member : formula.picked[static_cast<std::size_t>(member)];
    boxes.push_back(
        {grouping.offset(formula.positions ? start + formula.positions->offset(position) : position), {}});
  }
  std::sort(boxes.begin(), boxes.end(),
            [](const StridedRanks& a, const StridedRanks& b) { return a.first < b.first; });
  return boxes;
}

DistinctParts distinct_parts(const GroupFormula& formula) {
  if (!formula.positions) return {};
  if (!is_cut(formula)) return {.count = formula.positions->group_count()};
  const std::int64_t piece = formula.positions->group_size();
  const auto inside = formula.grouping.inside();
  std::int64_t each = 1;
  for (auto digit = inside.begin(); digit != inside.end(); ++digit) {
    // The parts repeat after this many positions, if a whole number of times in this digit: then no position
    // carries into the next digit.
    const std::int64_t period = std::lcm(piece, each);
    if (each * digit->size % period == 0) {
      DistinctParts result{.count = period / piece,
                           .moved = {{each * digit->size / period, digit->stride * (period / each)}}};
      result.moved.insert(result.moved.end(), digit + 1, inside.end());
      return result;
    }
    each *= digit->size;
  }
  return {.count = formula.positions->group_count()};
}

}  // namespace rankmesh
