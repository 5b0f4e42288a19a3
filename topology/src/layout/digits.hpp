#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rankmesh/topology/grouping.hpp"

namespace rankmesh {

/// Appends a digit that is slower than those in the list, or multiplies the size of the last digit where both
/// are one digit. A digit of size one is dropped.
/// @post the list counts through the same numbers as the old list followed by `digit`
/// @param digits a container of `Digit` with `back` and `push_back`
template <typename Digits>
void append_merged(Digits& digits, Digit digit) {
  if (digit.size == 1) return;
  if (!digits.empty() && digits.back().size * digits.back().stride == digit.stride) {
    digits.back().size *= digit.size;
  } else {
    digits.push_back(digit);
  }
}

/// The digits as `size:stride`, separated by blanks: `2:1 4:4`.
[[nodiscard]] std::string digits_text(std::span<const Digit> digits);

/// Composes two maps of numbers. The outer map writes a number in the mixed radix of `radix`, fastest digit
/// first, and sums each digit times its stride. The inner map is k -> k * part.stride, for k = 0 ..
/// part.size - 1.
/// @post the digits of the result, fastest first, map k to what `radix` maps k * part.stride to:
///       `compose({2, 3}, {{3, 1}, {4, 6}})` is `{{2, 6}}`
/// @return nothing if no digits do that: where the inner map begins or ends inside a digit of `radix`, at a
///         number that does not divide the digit's size
[[nodiscard]] std::optional<std::vector<Digit>> compose(const Digit& part, std::span<const Digit> radix);

/// Composes each part with `radix`.
/// @post the result holds the digits of all parts, those of the first part first
/// @return nothing if one of the parts cannot be composed
[[nodiscard]] std::optional<std::vector<Digit>> compose(std::span<const Digit> parts,
                                                        std::span<const Digit> radix);

}  // namespace rankmesh
