#include "queries/block_survey.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "queries/block_counts.hpp"
#include "queries/strided_ranks.hpp"

namespace rankmesh {
namespace {

/// Groups whose bases have one position inside a block.
struct Starts {
  std::int64_t groups = 0;
  /// The number of the first of them, if there are any.
  std::int64_t first = 0;
};

/// By position inside a block.
using StartsByPlace = std::vector<Starts>;

/// The starts reached by adding 0, 1, ... size - 1 strides to each, where each stride adds `weight` to the
/// numbers of the groups, which are below `weight` before. O(places).
StartsByPlace repeated(const StartsByPlace& starts, Digit digit, std::int64_t weight) {
  const auto block = static_cast<std::int64_t>(starts.size());
  const std::int64_t step = digit.stride % block;
  const std::int64_t orbits = std::gcd(step, block);
  const std::int64_t turn = block / orbits;
  StartsByPlace result(starts.size());
  std::vector<std::size_t> places(static_cast<std::size_t>(turn));
  const auto at = [&](std::int64_t i) { return places[static_cast<std::size_t>((i % turn + turn) % turn)]; };
  for (std::int64_t orbit = 0; orbit < orbits; ++orbit) {
    std::int64_t all = 0;
    std::int64_t place = orbit;
    for (std::size_t& in_turn : places) {
      in_turn = static_cast<std::size_t>(place);
      all += starts[in_turn].groups;
      place = (place + step) % block;
    }
    const std::int64_t rest = digit.size % turn;
    // The groups that come to a place in the last, incomplete turn.
    std::int64_t window = 0;
    for (std::int64_t i = 1; i <= rest; ++i) window += starts[at(-i)].groups;
    // The nearest place before, from which a group comes with the least number. The second turn continues
    // what the first left at the orbit's end.
    std::int64_t nearest = -2 * turn - digit.size;
    for (std::int64_t i = -turn; i < turn; ++i) {
      if (starts[at(i)].groups > 0) nearest = i;
      if (i < 0) continue;
      if (rest > 0) window += starts[at(i)].groups - starts[at(i - rest)].groups;
      Starts& reached = result[at(i)];
      reached.groups = digit.size / turn * all + window;
      if (i - nearest < digit.size) reached.first = starts[at(nearest)].first + (i - nearest) * weight;
    }
  }
  return result;
}

/// A division of the ranks into equal cells, so that blocks consist of whole cells, and a member of a group
/// moves to another cell only with digits of at least the size of a cell. Counting cells instead of ranks
/// leaves every question about blocks as it is, and makes the blocks smaller.
class Cells {
 public:
  /// @param splits whether a cell may end inside a digit, which must not be cut or sliced then
  Cells(const GroupFormula& formula, std::int64_t block_size, bool splits) {
    std::vector<Digit> digits(formula.grouping.inside().begin(), formula.grouping.inside().end());
    digits.insert(digits.end(), formula.grouping.outside().begin(), formula.grouping.outside().end());
    std::sort(digits.begin(), digits.end(), [](Digit a, Digit b) { return a.stride < b.stride; });
    const std::int64_t limit = std::gcd(block_size, std::int64_t{formula.first_rank});
    for (const Digit& digit : digits) {
      const std::int64_t part = std::gcd(digit.size, limit / size_);
      if (part == digit.size || splits) size_ *= part;
      if (part < digit.size) break;
    }
  }

  /// The number of ranks in a cell.
  [[nodiscard]] std::int64_t size() const noexcept { return size_; }

  /// Digits in steps of cells, with the same values in the same order. A digit inside a cell has the stride
  /// 0.
  [[nodiscard]] std::vector<Digit> digits(std::span<const Digit> of_ranks) const {
    std::vector<Digit> result;
    for (const Digit& digit : of_ranks) {
      if (digit.stride % size_ == 0) {
        result.push_back({digit.size, digit.stride / size_});
        continue;
      }
      const std::int64_t inside = std::min(digit.size, size_ / digit.stride);
      result.push_back({inside, 0});
      if (inside < digit.size) result.push_back({digit.size / inside, 1});
    }
    return result;
  }

  /// Boxes in cells.
  [[nodiscard]] std::vector<StridedRanks> boxes(std::vector<StridedRanks> of_ranks) const {
    for (StridedRanks& box : of_ranks) box = {box.first / size_, digits(box.digits)};
    return of_ranks;
  }

 private:
  std::int64_t size_ = 1;
};

/// The parts of the groups of a family, each of which has members at constant distances from its base.
class Parts {
 public:
  explicit Parts(const GroupFamily& family)
      : formula_(family.formula()),
        group_count_(family.group_count()),
        parts_(formula_.positions ? formula_.positions->group_count() : 1),
        is_sliced_(group_count_ != formula_.grouping.group_count() * parts_),
        distinct_(is_sliced_ ? DistinctParts{.count = parts_} : distinct_parts(formula_)) {}

  /// Calls `visit(part)` for each that differs and that a group has.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (std::int64_t part = 0; part < distinct_.count; ++part) {
      if (groups_before(formula_.first_group, part) < groups_before(end(), part)) visit(part);
    }
  }

  [[nodiscard]] const GroupFormula& formula() const noexcept { return formula_; }
  [[nodiscard]] bool is_sliced() const noexcept { return is_sliced_; }
  /// The members of a part, relative to the base of its group.
  [[nodiscard]] std::vector<StridedRanks> members(std::int64_t part) const {
    return members_of_part(formula_, static_cast<int>(part));
  }
  /// What to add to the numbers of `starts`.
  [[nodiscard]] std::int64_t number(std::int64_t part) const noexcept { return part - formula_.first_group; }

  /// The groups with a part, and with the later parts that equal it but for their places. The numbers are
  /// those before slicing, of part 0.
  [[nodiscard]] StartsByPlace starts(std::int64_t part, const Cells& cells, std::int64_t block) const {
    StartsByPlace all(static_cast<std::size_t>(block));
    std::int64_t group = groups_before(formula_.first_group, part);
    std::vector<StridedRanks> bases;
    append_numbers(formula_.grouping.outside(), group, groups_before(end(), part), formula_.first_rank,
                   bases);
    for (const StridedRanks& box : bases) {
      StartsByPlace some(all.size());
      some[static_cast<std::size_t>(box.first / cells.size() % block)] = {.groups = 1,
                                                                          .first = group * parts_};
      std::int64_t weight = distinct_.count;
      const auto repeat = [&](const std::vector<Digit>& digits) {
        for (const Digit& digit : cells.digits(digits)) {
          some = repeated(some, digit, weight);
          weight *= digit.size;
        }
      };
      repeat(distinct_.moved);
      repeat(box.digits);
      group += weight / parts_;
      for (std::size_t place = 0; place < all.size(); ++place) {
        const Starts& more = some[place];
        if (more.groups > 0 && (all[place].groups == 0 || more.first < all[place].first))
          all[place].first = more.first;
        all[place].groups += more.groups;
      }
    }
    return all;
  }

 private:
  /// Of the groups before slicing, the end of those that are kept.
  [[nodiscard]] std::int64_t end() const noexcept { return formula_.first_group + group_count_; }
  /// How many groups of the grouping have a part before some group.
  [[nodiscard]] std::int64_t groups_before(std::int64_t group, std::int64_t part) const noexcept {
    return (group - part + parts_ - 1) / parts_;
  }

  GroupFormula formula_;
  std::int64_t group_count_;
  std::int64_t parts_;
  bool is_sliced_;
  DistinctParts distinct_;
};

}  // namespace

LevelSpan survey_blocks(const GroupFamily& family, std::int64_t block_size) {
  if (block_size >= family.world_size()) return {};
  const Parts parts(family);
  const Cells cells(parts.formula(), block_size, !parts.formula().positions && !parts.is_sliced());
  const std::int64_t block = block_size / cells.size();
  LevelSpan span{.fewest = std::numeric_limits<int>::max(), .most = 0};
  std::int64_t crossing = 0;
  StartsByPlace starts;
  parts.for_each([&](std::int64_t part) {
    // The bases of whole groups are those of every part of them.
    if (starts.empty() || parts.is_sliced()) starts = parts.starts(part, cells, block);
    const MemberCounts members(cells.boxes(parts.members(part)), block);
    for (std::int64_t place = 0; place < block; ++place) {
      const Starts& here = starts[static_cast<std::size_t>(place)];
      if (here.groups == 0) continue;
      const auto count = static_cast<int>(members.at(place));
      const auto first = static_cast<int>(here.first + parts.number(part));
      if (count > span.most || (count == span.most && first < span.worst_group)) span.worst_group = first;
      span.fewest = std::min(span.fewest, count);
      span.most = std::max(span.most, count);
      if (count > 1) crossing += here.groups;
    }
  });
  span.crossing_groups = static_cast<int>(crossing);
  return span;
}

bool have_one_place(const GroupFamily& family, std::int64_t block_size) {
  const Parts parts(family);
  bool is_one = true;
  parts.for_each([&](std::int64_t part) {
    if (!is_one) return;
    const std::vector<StridedRanks> boxes = parts.members(part);
    for (const StridedRanks& box : boxes) {
      is_one = is_one && (box.first - boxes.front().first) % block_size == 0;
      for (const Digit& digit : box.digits) is_one = is_one && digit.stride % block_size == 0;
    }
  });
  return is_one;
}

}  // namespace rankmesh
