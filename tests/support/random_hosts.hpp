#pragma once

#include <string>
#include <vector>

#include "support/random.hpp"

namespace rankmesh::tests {

/// Hosts that one part of a hostlist names: texts with numbers between them, `rack[01-02]n[1-3,7].ib`.
struct HostPattern {
  /// One more than `numbers`.
  std::vector<std::string> texts{};
  /// The numbers in each bracket, with their leading zeros.
  std::vector<std::vector<std::string>> numbers{};

  /// The names, the leftmost bracket slowest.
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names{texts.front()};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      std::vector<std::string> longer;
      for (const std::string& name : names) {
        for (const std::string& number : numbers[i]) longer.push_back(name + number + texts[i + 1]);
      }
      names = longer;
    }
    return names;
  }

  /// The part of a hostlist, with ranges where numbers follow each other.
  [[nodiscard]] std::string text() const {
    std::string text = texts.front();
    for (std::size_t i = 0; i < numbers.size(); ++i) text += "[" + ranges(numbers[i]) + "]" + texts[i + 1];
    return text;
  }

 private:
  static std::string ranges(const std::vector<std::string>& numbers) {
    std::string text;
    for (std::size_t first = 0; first < numbers.size();) {
      std::size_t last = first;
      while (last + 1 < numbers.size() && std::stoi(numbers[last + 1]) == std::stoi(numbers[last]) + 1)
        ++last;
      text += (first == 0 ? "" : ",") + numbers[first];
      if (last > first) text += "-" + numbers[last];
      first = last + 1;
    }
    return text;
  }
};

inline std::vector<std::string> drawn_numbers(Random& random, int most) {
  const auto digits = static_cast<std::size_t>(1 + random.below(4));
  std::vector<std::string> numbers;
  int number = random.below(12);
  for (int left = 1 + random.below(most); left > 0; --left) {
    std::string text = std::to_string(number);
    if (text.size() < digits) text.insert(0, digits - text.size(), '0');
    numbers.push_back(text);
    number += random.below(3) == 0 ? 2 + random.below(5) : 1;
  }
  return numbers;
}

/// @param index different for patterns whose names must differ
inline HostPattern drawn_pattern(Random& random, int index) {
  const std::vector<std::string> prefixes{"node", "gpu-", "n", "r0c", "DGX", "a.b-"};
  const std::vector<std::string> middles{"n", "-", ".c", "-s0x"};
  const std::vector<std::string> suffixes{"", "-ib", ".example.org"};
  const auto one_of = [&](const std::vector<std::string>& texts) {
    return texts[static_cast<std::size_t>(random.below(static_cast<int>(texts.size())))];
  };
  HostPattern pattern{.texts = {"h" + std::to_string(index) + one_of(prefixes)}};
  const int brackets = random.below(4);
  for (int i = 0; i < brackets; ++i) {
    pattern.numbers.push_back(drawn_numbers(random, brackets == 1 ? 12 : 3));
    pattern.texts.push_back(i + 1 < brackets ? one_of(middles) : one_of(suffixes));
  }
  return pattern;
}

inline std::vector<HostPattern> drawn_patterns(Random& random, int most, int first_index = 0) {
  std::vector<HostPattern> patterns;
  for (int left = 1 + random.below(most); left > 0; --left)
    patterns.push_back(drawn_pattern(random, first_index + left));
  return patterns;
}

inline std::string hostlist_of(const std::vector<HostPattern>& patterns) {
  std::string text;
  for (const HostPattern& pattern : patterns) text += (text.empty() ? "" : ",") + pattern.text();
  return text;
}

inline std::vector<std::string> names_of(const std::vector<HostPattern>& patterns) {
  std::vector<std::string> names;
  for (const HostPattern& pattern : patterns) {
    for (const std::string& name : pattern.names()) names.push_back(name);
  }
  return names;
}

}  // namespace rankmesh::tests
