#include "rankmesh/topology/grouping.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "rankmesh/topology/error.hpp"

namespace rankmesh {
namespace {

std::string describe(std::span<const Digit> digits) {
  std::string text;
  for (const Digit& digit : digits) {
    text += (text.empty() ? "" : " ") + std::to_string(digit.size) + ":" + std::to_string(digit.stride);
  }
  return text.empty() ? "none" : text;
}

std::vector<Digit> sorted_by_stride(std::span<const Digit> inside, std::span<const Digit> outside) {
  std::vector<Digit> all;
  for (const auto side : {inside, outside}) {
    std::copy_if(side.begin(), side.end(), std::back_inserter(all),
                 [](const Digit& d) { return d.size != 1; });
  }
  std::sort(all.begin(), all.end(), [](const Digit& a, const Digit& b) { return a.stride < b.stride; });
  return all;
}

/// Throws unless the digits, smallest stride first, count through 0 .. n-1 without gap or overlap.
void require_mixed_radix(std::span<const Digit> inside, std::span<const Digit> outside) {
  const auto refuse = [&](const std::string& rule) {
    throw ConfigError({{.field = "digits (size:stride)",
                        .value = "inside " + describe(inside) + ", outside " + describe(outside),
                        .rule = rule}});
  };
  std::int64_t covered = 1;
  for (const Digit& digit : sorted_by_stride(inside, outside)) {
    if (digit.size < 1) refuse("has a size below 1");
    if (digit.stride != covered) {
      refuse("does not count through the indices: a stride of " + std::to_string(covered) + " is missing");
    }
    if (digit.size > std::numeric_limits<int>::max() / covered) refuse("covers more than 2147483647 indices");
    covered *= digit.size;
  }
}

}  // namespace

Grouping::Grouping(std::span<const Digit> inside, std::span<const Digit> outside) {
  require_mixed_radix(inside, outside);
  for (const Digit& digit : inside) inside_.append(digit);
  for (const Digit& digit : outside) outside_.append(digit);
  merge_terms();
}

void Grouping::Side::append(Digit digit) noexcept {
  if (digit.size == 1) return;
  total *= static_cast<int>(digit.size);
  if (count > 0 && digits[count - 1].size * digits[count - 1].stride == digit.stride) {
    digits[count - 1].size *= digit.size;
  } else {
    digits[count++] = digit;
  }
}

void Grouping::merge_terms() noexcept {
  struct Strided {
    Term term;
    std::int64_t stride;
  };
  std::array<Strided, max_digits> strided{};
  for (const bool is_inside : {true, false}) {
    std::uint32_t weight = 1;
    for (const Digit& digit : is_inside ? inside() : outside()) {
      const auto size = static_cast<std::uint32_t>(digit.size);
      strided[term_count_++] = {{.size = size, .weight = weight, .inside = is_inside}, digit.stride};
      weight *= size;
    }
  }
  std::sort(strided.begin(), strided.begin() + static_cast<std::ptrdiff_t>(term_count_),
            [](const Strided& a, const Strided& b) { return a.stride < b.stride; });
  std::transform(strided.begin(), strided.begin() + static_cast<std::ptrdiff_t>(term_count_), terms_.begin(),
                 [](const Strided& s) { return s.term; });
}

RANKMESH_TOPOLOGY_API bool operator==(const Grouping& a, const Grouping& b) noexcept {
  const auto equal = [](std::span<const Digit> x, std::span<const Digit> y) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end());
  };
  return equal(a.inside(), b.inside()) && equal(a.outside(), b.outside());
}

bool Grouping::same_groups(const Grouping& other) const noexcept {
  // The inside digits and the number of indices settle which indices are bases: those whose inside digits
  // are all zero.
  const auto mine = inside();
  const auto theirs = other.inside();
  return group_count() == other.group_count() &&
         std::equal(mine.begin(), mine.end(), theirs.begin(), theirs.end());
}

}  // namespace rankmesh
