#pragma once

#include <span>

#include "rankmesh/topology/grouping.hpp"

namespace rankmesh {

/// Fills `out` with the sums of all digits: the digits of `inside` vary fastest, then those of `outside`.
/// @param out as many numbers as the product of all sizes
void write_pattern(std::span<const Digit> inside, std::span<const Digit> outside, std::span<int> out);

/// Fills `out` with one copy of `block` for every value of the digits, that value added to each of its
/// numbers.
/// @param out as many numbers as `block` times the product of all sizes
void write_pattern(std::span<const int> block, std::span<const Digit> digits, std::span<int> out);

}  // namespace rankmesh
