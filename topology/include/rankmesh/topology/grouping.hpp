#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/inline_list.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// A member of a family: the m-th of group g.
struct Place {
  /// The group, 0 .. group_count - 1.
  int group = 0;
  /// The position inside the group, 0 .. group_size - 1: what MPI and NCCL call the rank in a communicator.
  int position = 0;

  bool operator==(const Place&) const = default;
};

/// One digit of an index: `size` values that lie `stride` apart.
struct Digit {
  /// How many values it takes.
  std::int64_t size = 1;
  /// What a step along it adds to the rank.
  std::int64_t stride = 1;

  bool operator==(const Digit&) const = default;
};

/// A rule that splits the indices 0 .. n-1 into groups of one size, in closed form.
///
/// An index is written in a mixed radix; some of its digits vary inside a group, the others number the
/// groups:
///
///     index(group g, position m) = sum over outside digits of digit(g) * stride
///                                + sum over inside digits of digit(m) * stride
///
/// Digits of size one vanish and neighbours whose strides allow it merge, so that two groupings with the same
/// groups in the same order compare equal, and a contiguous block is a single digit. Since every digit that
/// remains has at least two values, an `int` index never has more than 31 of them: no question allocates, and
/// all cost O(digits), independent of n.
class Grouping {
 public:
  /// The trivial grouping: one group of one index.
  Grouping() = default;

  /// @param inside the digits that vary inside a group, fastest first
  /// @param outside the digits that number the groups, fastest first
  /// @throws ConfigError unless all digits together form a mixed radix: sizes of at least one, strides that
  ///         multiply up from one, a product below 2^31
  Grouping(std::span<const Digit> inside, std::span<const Digit> outside);

  /// Ranks of each group.
  [[nodiscard]] int group_size() const noexcept { return inside_.total; }
  /// How many groups there are.
  [[nodiscard]] int group_count() const noexcept { return outside_.total; }

  /// The index of a place. The place must exist.
  [[nodiscard]] int index(Place place) const noexcept {
    return outside_.offset(place.group) + inside_.offset(place.position);
  }

  /// The first index of a group, were its first digits all zero: `index(p) = base(p.group) +
  /// offset(p.position)`.
  [[nodiscard]] int base(int group) const noexcept { return outside_.offset(group); }
  /// What a position adds to the base of its group.
  [[nodiscard]] int offset(int position) const noexcept { return inside_.offset(position); }

  /// The place of an index, the inverse of `index`. The index must lie in 0 .. n-1.
  [[nodiscard]] Place place(int index) const noexcept;

  /// The merged digits that vary inside a group, fastest first; none for groups of one.
  [[nodiscard]] std::span<const Digit> inside() const noexcept { return inside_.digits; }
  /// The merged digits that number the groups, fastest first; none where there is one group.
  [[nodiscard]] std::span<const Digit> outside() const noexcept { return outside_.digits; }

  /// Equal when both have the same groups, in the same order, with the members in the same order.
  friend bool operator==(const Grouping& a, const Grouping& b) noexcept;

  /// Equal up to the numbering of the groups: the same lists, perhaps under other numbers.
  [[nodiscard]] bool same_groups(const Grouping& other) const noexcept;

 private:
  static constexpr std::size_t max_digits = 31;

  /// A sum of digits, fastest first.
  struct Side {
    int total = 1;
    InlineList<Digit, max_digits> digits;

    [[nodiscard]] int offset(int number) const noexcept;
    void append(Digit digit) noexcept;
  };

  /// A digit in the order of strides, and what it counts for in the position or the group number.
  struct Term {
    std::uint32_t size = 1;
    std::uint32_t weight = 1;
    bool inside = false;
  };

  /// Throws unless the digits, smallest stride first, count through 0 .. n-1 without gap or overlap.
  static void require_mixed_radix(std::span<const Digit> inside, std::span<const Digit> outside);
  void merge_terms() noexcept;

  Side inside_;
  Side outside_;
  InlineList<Term, max_digits> terms_;
};

inline int Grouping::Side::offset(int number) const noexcept {
  if (digits.empty()) return 0;
  auto rest = static_cast<std::uint32_t>(number);
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < digits.size(); ++i) {
    const auto size = static_cast<std::uint32_t>(digits[i].size);
    sum += rest % size * static_cast<std::uint32_t>(digits[i].stride);
    rest /= size;
  }
  return static_cast<int>(sum + rest * static_cast<std::uint32_t>(digits.back().stride));
}

inline Place Grouping::place(int index) const noexcept {
  auto rest = static_cast<std::uint32_t>(index);
  std::uint32_t number[2] = {0, 0};
  for (const Term& term : terms_) {
    const std::uint32_t next = rest / term.size;
    number[term.inside] += (rest - next * term.size) * term.weight;
    rest = next;
  }
  return {static_cast<int>(number[0]), static_cast<int>(number[1])};
}

}  // namespace rankmesh
