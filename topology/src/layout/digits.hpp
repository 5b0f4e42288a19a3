#pragma once

#include <optional>
#include <span>
#include <vector>

#include "rankmesh/topology/grouping.hpp"

namespace rankmesh {

/// Numbers are written in the mixed radix of `radix`, fastest digit first, and each digit counts for its
/// stride: number -> sum. A part of the number, `part.size` values `part.stride` apart, then counts for some
/// digits of that sum.
/// @return these digits, fastest first; nothing where the borders of the part are not those of digits or of
///         divisors of digits
[[nodiscard]] std::optional<std::vector<Digit>> compose(const Digit& part, std::span<const Digit> radix);

/// Several parts one after another.
[[nodiscard]] std::optional<std::vector<Digit>> compose(std::span<const Digit> parts,
                                                        std::span<const Digit> radix);

}  // namespace rankmesh
