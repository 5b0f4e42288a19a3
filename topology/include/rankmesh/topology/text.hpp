#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/export.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// The parts of a text between separators; an empty text has one empty part.
[[nodiscard]] std::vector<std::string_view> split_text(std::string_view text, char separator);

/// The words of a text between blanks.
[[nodiscard]] std::vector<std::string_view> split_words(std::string_view text);

/// Reads a whole number of 64 bits; returns the rule that the text breaks, empty if none.
[[nodiscard]] std::string read_number(std::string_view text, std::int64_t& number);

/// In lower case, as far as ASCII goes, whatever the locale.
[[nodiscard]] std::string lower_case(std::string_view text);

/// The texts with something between them.
template <typename Texts>
[[nodiscard]] std::string joined(const Texts& texts, std::string_view separator) {
  std::string result;
  bool first = true;
  for (const auto& text : texts) {
    if (!first) result.append(separator);
    result.append(text);
    first = false;
  }
  return result;
}

}  // namespace rankmesh
