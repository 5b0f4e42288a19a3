#include "rankmesh/topology/text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>

namespace rankmesh {
namespace {

/// The number of bytes of the UTF-8 character at the beginning of a text; 0 if there is none, or a control
/// character.
std::size_t length_of_character(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return first < 0x20 || first == 0x7f ? 0 : 1;
  const std::size_t length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length == 0 || length > text.size()) return 0;
  std::uint32_t code = first & (0xffU >> (length + 1));
  for (const char c : text.substr(1, length - 1)) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte & 0x3fU);
  }
  // The smallest code points that need 2, 3 and 4 bytes; U+0080 .. U+009F are control characters.
  const std::uint32_t least = length == 2 ? 0xa0 : length == 3 ? 0x800 : 0x10000;
  const bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
  return code < least || code > 0x10ffff || is_surrogate ? 0 : length;
}

}  // namespace

std::vector<std::string_view> split_text(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string_view> split_outside_brackets(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '[' || c == '(') ++depth;
    if (c == ']' || c == ')') --depth;
    if (c != separator || depth > 0) continue;
    parts.push_back(text.substr(begin, i - begin));
    begin = i + 1;
  }
  parts.push_back(text.substr(begin));
  return parts;
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

std::string upper_case(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return result;
}

std::string printable(std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string result;
  while (!text.empty()) {
    const std::size_t length = length_of_character(text);
    if (length == 0) {
      const auto byte = static_cast<unsigned char>(text[0]);
      result.append("\\x").append(1, hex[byte / 16]).append(1, hex[byte % 16]);
    } else {
      result.append(text.substr(0, length));
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return result;
}

std::string counted(std::int64_t count, std::string_view noun) {
  const std::string number = std::to_string(count) + " ";
  if (count == 1) return number + std::string(noun);
  if (noun.ends_with("is")) return number + std::string(noun.substr(0, noun.size() - 2)) + "es";
  const bool hisses = noun.ends_with("ch") || noun.ends_with('x') || noun.ends_with('s');
  return number + std::string(noun) + (hisses ? "es" : "s");
}

std::string with_article(std::string_view noun) {
  const bool is_vowel =
      !noun.empty() && std::string_view("aeiou").find(noun.front()) != std::string_view::npos;
  return std::string(is_vowel ? "an " : "a ").append(noun);
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  for (std::string_view line : split_text(text, '\n')) {
    while (line.size() > width) {
      std::size_t blank = line.rfind(' ', width);
      if (blank == std::string_view::npos) blank = line.find(' ', width);
      if (blank == std::string_view::npos) break;
      lines.emplace_back(line.substr(0, blank));
      line.remove_prefix(blank + 1);
    }
    lines.emplace_back(line);
  }
  return lines;
}

}  // namespace rankmesh
