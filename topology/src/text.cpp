#include "rankmesh/topology/text.hpp"

#include <algorithm>
#include <charconv>

namespace rankmesh {

std::vector<std::string_view> split_text(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string_view> split_words(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  std::vector<std::string_view> result;
  while (true) {
    const std::size_t begin = text.find_first_not_of(space);
    if (begin == std::string_view::npos) return result;
    text.remove_prefix(begin);
    result.push_back(text.substr(0, text.find_first_of(space)));
    text.remove_prefix(result.back().size());
  }
}

std::string read_number(std::string_view text, std::int64_t& number) {
  if (text.empty()) return "has no value: a whole number is needed";
  const char* end = text.data() + text.size();
  std::int64_t read = 0;
  const auto [stop, error] = std::from_chars(text.data(), end, read);
  if (error == std::errc::result_out_of_range) return "is beyond 64 bits";
  if (error != std::errc() || stop != end) return "is not a whole number";
  number = read;
  return "";
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return result;
}

}  // namespace rankmesh
