#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/inline_list.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// A member of a family: position m of group g.
struct Place {
  /// The group, 0 .. group_count - 1.
  int group = 0;
  /// The position inside the group, 0 .. group_size - 1. MPI and NCCL call it the rank in a communicator.
  int position = 0;

  bool operator==(const Place&) const = default;
};

/// One digit of an index in a mixed radix.
struct Digit {
  /// The number of values that the digit takes.
  std::int64_t size = 1;
  /// What a step of the digit adds to the index.
  std::int64_t stride = 1;

  bool operator==(const Digit&) const = default;
};

/// A division of the indices 0 .. n-1 into groups of one size, in closed form.
///
/// An index is written in a mixed radix. Some of its digits vary inside a group, the others number the
/// groups:
///
///     index(group g, position m) = sum over outside digits of digit(g) * stride
///                                + sum over inside digits of digit(m) * stride
///
/// For example, inside 2:1 4:4 (size:stride) and outside 2:2 divide 0 .. 15 into the groups
/// 0 1 4 5 8 9 12 13 and 2 3 6 7 10 11 14 15.
///
/// The constructor removes digits of size one and merges neighbouring digits of one side where the stride of
/// the second is the size times the stride of the first. Two groupings with the same groups in the same order
/// therefore compare equal, and a block of consecutive indices has a single digit. Every remaining digit has
/// at least two values, so an `int` index has at most 31 digits: no question allocates, and each costs
/// O(digits), independent of n.
class Grouping {
 public:
  /// One group of one index.
  Grouping() = default;

  /// @param inside the digits that vary inside a group, fastest first
  /// @param outside the digits that number the groups, fastest first
  /// @throws ConfigError unless the digits of both sides together form a mixed radix: every size is at least
  ///         one, the strides in ascending order are the products of the sizes before, and the product of all
  ///         sizes is below 2^31
  Grouping(std::span<const Digit> inside, std::span<const Digit> outside);

  /// The number of indices in each group.
  [[nodiscard]] int group_size() const noexcept { return inside_.total; }
  /// The number of groups.
  [[nodiscard]] int group_count() const noexcept { return outside_.total; }

  /// The index of a place. The place must exist.
  [[nodiscard]] int index(Place place) const noexcept {
    return outside_.offset(place.group) + inside_.offset(place.position);
  }

  /// The sum over the outside digits: `index(p) == base(p.group) + offset(p.position)`.
  [[nodiscard]] int base(int group) const noexcept { return outside_.offset(group); }
  /// The sum over the inside digits.
  [[nodiscard]] int offset(int position) const noexcept { return inside_.offset(position); }

  /// The place of an index, the inverse of `index`. The index must lie in 0 .. n-1.
  [[nodiscard]] Place place(int index) const noexcept;

  /// The merged digits that vary inside a group, fastest first; empty for groups of one.
  [[nodiscard]] std::span<const Digit> inside() const& noexcept { return inside_.digits; }
  std::span<const Digit> inside() const&& = delete;
  /// The merged digits that number the groups, fastest first; empty for a single group.
  [[nodiscard]] std::span<const Digit> outside() const& noexcept { return outside_.digits; }
  std::span<const Digit> outside() const&& = delete;

  /// Equal when both have the same groups in the same order, with the members in the same order.
  friend bool operator==(const Grouping& a, const Grouping& b) noexcept;

  /// Whether both have the same groups, perhaps numbered differently.
  [[nodiscard]] bool same_groups(const Grouping& other) const noexcept;

 private:
  static constexpr std::size_t max_digits = 31;

  /// The digits that count for the position (inside) or the group number (outside), fastest first.
  struct Side {
    int total = 1;
    InlineList<Digit, max_digits> digits;

    [[nodiscard]] int offset(int number) const noexcept;
    void append(Digit digit) noexcept;
  };

  /// One digit of either side, listed by ascending stride: the digit of an index times `weight` is a summand
  /// of the position or the group number.
  struct Term {
    std::uint32_t size = 1;
    std::uint32_t weight = 1;
    bool inside = false;
  };

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
