#include "layout/digits.hpp"

#include "rankmesh/topology/text.hpp"

namespace rankmesh {

std::string digits_text(std::span<const Digit> digits) {
  return joined(digits, " ", [](const Digit& digit) {
    return std::to_string(digit.size) + ":" + std::to_string(digit.stride);
  });
}

std::optional<std::vector<Digit>> compose(const Digit& part, std::span<const Digit> radix) {
  std::vector<Digit> result;
  std::int64_t skip = part.stride;  // numbers between two values of the part
  std::int64_t left = part.size;    // values of the part that still need digits
  for (const Digit& digit : radix) {
    if (left == 1) break;
    if (skip >= digit.size) {
      if (skip % digit.size != 0) return std::nullopt;
      skip /= digit.size;
      continue;
    }
    if (digit.size % skip != 0) return std::nullopt;
    const std::int64_t room = digit.size / skip;
    const std::int64_t taken = left < room ? left : room;
    if (room % taken != 0 || left % taken != 0) return std::nullopt;
    result.push_back({taken, digit.stride * skip});
    left /= taken;
    skip = 1;
  }
  if (left != 1) return std::nullopt;
  return result;
}

std::optional<std::vector<Digit>> compose(std::span<const Digit> parts, std::span<const Digit> radix) {
  std::vector<Digit> result;
  for (const Digit& part : parts) {
    const auto digits = compose(part, radix);
    if (!digits) return std::nullopt;
    result.insert(result.end(), digits->begin(), digits->end());
  }
  return result;
}

}  // namespace rankmesh
