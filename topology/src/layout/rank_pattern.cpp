#include "layout/rank_pattern.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "layout/digits.hpp"

namespace rankmesh {
namespace {

/// The longest block that is copied with an offset: long enough that the copy takes nearly all the time,
/// short enough that the block stays in the first-level cache beside the output.
constexpr std::size_t max_block = 512;

int* add_block(std::span<const int> block, int base, int* out) {
  // Without unrolling, the speed depends on the alignment that the compiler gives to the short loop.
#pragma GCC unroll 4
  for (const int number : block) *out++ = base + number;
  return out;
}

/// Appends copies of the block to itself, each `stride` above the one before.
void replicate(std::vector<int>& block, std::int64_t copies, std::int64_t stride) {
  const std::size_t length = block.size();
  block.resize(length * static_cast<std::size_t>(copies));
  for (std::size_t i = length; i < block.size(); ++i) block[i] = block[i - length] + static_cast<int>(stride);
}

}  // namespace

void write_pattern(std::span<const Digit> inside, std::span<const Digit> outside, std::span<int> out) {
  std::vector<Digit> digits;
  for (const auto side : {inside, outside}) {
    for (const Digit& digit : side) append_merged(digits, digit);
  }
  const int zero = 0;
  write_pattern(std::span(&zero, 1), digits, out);
}

void write_pattern(std::span<const int> block, std::span<const Digit> digits, std::span<int> out) {
  // A short block makes a short inner loop. The block therefore grows by whole digits while it fits, then by
  // as many values of the next digit as fit; the other values of that digit are copies of the grown block,
  // and a remainder.
  std::vector<int> grown(block.begin(), block.end());
  std::size_t whole = 0;
  while (whole < digits.size() && grown.size() * static_cast<std::size_t>(digits[whole].size) <= max_block) {
    replicate(grown, digits[whole].size, digits[whole].stride);
    ++whole;
  }
  const std::span<const Digit> rest = digits.subspan(whole);
  if (rest.empty()) {
    std::copy(grown.begin(), grown.end(), out.begin());
    return;
  }
  const Digit next = rest.front();
  const std::int64_t copies = std::max<std::int64_t>(1, static_cast<std::int64_t>(max_block / grown.size()));
  const std::size_t remainder = grown.size() * static_cast<std::size_t>(next.size % copies);
  replicate(grown, copies, next.stride);

  const std::span<const Digit> slower = rest.subspan(1);
  const Digit steps{next.size / copies, next.stride * copies};
  std::int64_t repeats = 1;
  for (const Digit& digit : slower) repeats *= digit.size;
  int* end = out.data();
  for (std::int64_t i = 0; i < repeats; ++i) {
    int base = 0;
    std::int64_t number = i;
    for (const Digit& digit : slower) {
      base += static_cast<int>(number % digit.size * digit.stride);
      number /= digit.size;
    }
    for (std::int64_t step = 0; step < steps.size; ++step, base += static_cast<int>(steps.stride)) {
      end = add_block(grown, base, end);
    }
    end = add_block(std::span(grown).first(remainder), base, end);
  }
}

}  // namespace rankmesh
