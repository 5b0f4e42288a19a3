#pragma once

#include <span>
#include <vector>

#include "rankmesh/topology/grouping.hpp"

namespace rankmesh {

/// Fills `out` with the sums of all digits, those of `inside` fastest, then those of `outside`.
/// @param out as many numbers as the digits have values together
void write_pattern(std::span<const Digit> inside, std::span<const Digit> outside, std::span<int> out);

/// Fills `out` with `block` once for every value of the digits, that value added to each number of it.
void write_pattern(std::span<const int> block, std::span<const Digit> digits, std::span<int> out);

}  // namespace rankmesh
