#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "rankmesh/topology/export.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// The parts of a text between separators. An empty text has one part, which is empty.
[[nodiscard]] std::vector<std::string_view> split_text(std::string_view text, char separator);

/// The same, but separators inside round or square brackets do not count: `pp[0,-1],tp` has two parts.
[[nodiscard]] std::vector<std::string_view> split_outside_brackets(std::string_view text, char separator);

/// The words of a text, separated by white space. An empty text has no words.
[[nodiscard]] std::vector<std::string_view> split_words(std::string_view text);

/// Reads a signed decimal number of at most 64 bits.
/// @return empty, or the rule that the text breaks, for example `is not a whole number`
[[nodiscard]] std::string read_number(std::string_view text, std::int64_t& number);

/// The text with ASCII letters in lower case, independent of the locale.
[[nodiscard]] std::string lower_case(std::string_view text);
/// The text with ASCII letters in upper case, independent of the locale.
[[nodiscard]] std::string upper_case(std::string_view text);

/// A text on one line for a terminal or a log: control characters, and bytes that are not UTF-8, become
/// escapes such as `\x1b`. All other text stays as it is.
[[nodiscard]] std::string printable(std::string_view text);

/// A number of things: `1 group`, `2 groups`.
/// @param noun in the singular; the plural of `axis` is axes, that of others ends in s, or es behind ch, s
/// and x
[[nodiscard]] std::string counted(std::int64_t count, std::string_view noun);
/// The same for every other type of number, for example the size of a list.
template <std::integral Count>
[[nodiscard]] std::string counted(Count count, std::string_view noun) {
  return counted(static_cast<std::int64_t>(count), noun);
}

/// A thing with its article: `a tensor group`, `an expert group`.
[[nodiscard]] std::string with_article(std::string_view noun);

/// A text in lines of at most a width, broken at blanks; the lines of the text stay lines. A word that is
/// longer than the width has a line of its own.
[[nodiscard]] std::vector<std::string> wrapped(std::string_view text, std::size_t width);

/// The items as one text, with a separator between them: `joined(ranks, ", ")`, `joined(axes, "-",
/// &Axis::name)`.
/// @param items a range of texts or numbers, or of anything that `project` turns into these
template <typename Items, typename Project = std::identity>
[[nodiscard]] std::string joined(const Items& items, std::string_view separator, Project project = {}) {
  std::string result;
  bool is_first = true;
  for (const auto& item : items) {
    if (!is_first) result.append(separator);
    is_first = false;
    if constexpr (std::integral<std::remove_cvref_t<std::invoke_result_t<Project&, decltype(item)>>>) {
      result.append(std::to_string(std::invoke(project, item)));
    } else {
      result.append(std::invoke(project, item));
    }
  }
  return result;
}

}  // namespace rankmesh
