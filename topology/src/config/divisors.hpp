#pragma once

#include <cstdint>
#include <vector>

namespace rankmesh {

/// The divisors of a number of at least 1, in ascending order. O(sqrt(number)).
[[nodiscard]] std::vector<std::int64_t> divisors_of(std::int64_t number);

}  // namespace rankmesh
