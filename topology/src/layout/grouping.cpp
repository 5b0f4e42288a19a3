#include "rankmesh/topology/grouping.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include "layout/digits.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

std::string describe(std::span<const Digit> digits) {
  return digits.empty() ? "none" : digits_text(digits);
}

}  // namespace

Grouping::Grouping(std::span<const Digit> inside, std::span<const Digit> outside) {
  require_mixed_radix(inside, outside);
  for (const Digit& digit : inside) inside_.append(digit);
  for (const Digit& digit : outside) outside_.append(digit);
  merge_terms();
}

void Grouping::require_mixed_radix(std::span<const Digit> inside, std::span<const Digit> outside) {
  const auto refuse = [&](const std::string& rule) {
    throw ConfigError({{.field = "digits (size:stride)",
                        .value = "inside " + describe(inside) + ", outside " + describe(outside),
                        .rule = rule}});
  };
  InlineList<Digit, max_digits> digits;
  std::int64_t product = 1;
  for (const auto side : {inside, outside}) {
    for (const Digit& digit : side) {
      if (digit.size < 1) refuse("has a size below 1");
      if (digit.size > std::numeric_limits<int>::max() / product) {
        refuse("covers more than 2147483647 indices");
      }
      product *= digit.size;
      if (digit.size > 1) digits.push_back(digit);
    }
  }
  std::sort(digits.begin(), digits.end(), [](const Digit& a, const Digit& b) { return a.stride < b.stride; });
  std::int64_t covered = 1;
  for (const Digit& digit : digits) {
    if (digit.stride != covered) {
      refuse("does not count through the indices: a stride of " + std::to_string(covered) + " is missing");
    }
    covered *= digit.size;
  }
}

void Grouping::Side::append(Digit digit) noexcept {
  total *= static_cast<int>(digit.size);
  append_merged(digits, digit);
}

void Grouping::merge_terms() noexcept {
  struct Strided {
    Term term;
    std::int64_t stride;
  };
  InlineList<Strided, max_digits> strided;
  for (const bool is_inside : {true, false}) {
    std::uint32_t weight = 1;
    for (const Digit& digit : is_inside ? inside() : outside()) {
      const auto size = static_cast<std::uint32_t>(digit.size);
      strided.push_back({{.size = size, .weight = weight, .inside = is_inside}, digit.stride});
      weight *= size;
    }
  }
  std::sort(strided.begin(), strided.end(),
            [](const Strided& a, const Strided& b) { return a.stride < b.stride; });
  for (const Strided& next : strided) terms_.push_back(next.term);
}

RANKMESH_TOPOLOGY_API bool operator==(const Grouping& a, const Grouping& b) noexcept {
  const auto equal = [](std::span<const Digit> x, std::span<const Digit> y) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end());
  };
  return equal(a.inside(), b.inside()) && equal(a.outside(), b.outside());
}

bool Grouping::same_groups(const Grouping& other) const noexcept {
  // The groups are settled by the inside digits and the number of indices: one group begins at each index
  // whose inside digits are all zero.
  const auto mine = inside();
  const auto theirs = other.inside();
  return group_count() == other.group_count() &&
         std::equal(mine.begin(), mine.end(), theirs.begin(), theirs.end());
}

}  // namespace rankmesh
