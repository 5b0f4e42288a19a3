#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rankmesh/topology/group_family.hpp"

namespace rankmesh {

/// The ranks `first` + the sum of digits: each digit times its stride, from 0 to below its size.
struct StridedRanks {
  std::int64_t first = 0;
  std::vector<Digit> digits{};

  /// The greatest rank less the least.
  [[nodiscard]] std::int64_t reach() const noexcept;
  /// The greatest rank.
  [[nodiscard]] std::int64_t last() const noexcept { return first + reach(); }
  /// The least rank that is not below `least`, which is at most `last()`. The digits ascend, and the faster
  /// digits sum to less than a stride.
  [[nodiscard]] std::int64_t next(std::int64_t least) const noexcept;
};

/// Appends what a mixed radix maps the numbers begin .. end - 1 to, as O(digits) boxes in order.
/// @param radix the digits, fastest first
/// @param first what the radix maps 0 to
void append_numbers(std::span<const Digit> radix, std::int64_t begin, std::int64_t end, std::int64_t first,
                    std::vector<StridedRanks>& boxes);

/// The members of one part of the groups of a family, relative to the base of a group of `formula.grouping`,
/// in ascending order: all ranks of a box are below those of the next. O(digits) boxes, and one for each
/// member if positions were picked or split other than into consecutive runs.
/// @param part the part, of `formula.positions->group_count()`; 0 if the groups are undivided
[[nodiscard]] std::vector<StridedRanks> members_of_part(const GroupFormula& formula, int part);

/// The parts of a group up to where the first parts follow again, moved by a constant.
struct DistinctParts {
  /// The number of parts that differ.
  std::int64_t count = 1;
  /// How far the others are moved.
  std::vector<Digit> moved{};
};
[[nodiscard]] DistinctParts distinct_parts(const GroupFormula& formula);

}  // namespace rankmesh
