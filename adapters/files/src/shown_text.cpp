#include "rankmesh/files/shown_text.hpp"

#include <algorithm>
#include <cstddef>

#include "rankmesh/topology/text.hpp"

namespace rankmesh::files {
namespace {

constexpr std::size_t longest_shown = 60;
constexpr std::string_view digits = "0123456789";

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || digits.find(c) != std::string_view::npos ||
         std::string_view("_-+./").find(c) != std::string_view::npos;
}

/// The first bytes, without a part of a UTF-8 character at the end.
std::string_view beginning(std::string_view text) {
  std::size_t length = longest_shown;
  while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80) --length;
  return text.substr(0, length);
}

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return printable(result);
}

}  // namespace

std::string in_quotes(std::string_view text) {
  if (text.size() <= longest_shown) return "\"" + escaped(text) + "\"";
  return "\"" + escaped(beginning(text)) + "...\"";
}

std::string shown(std::string_view text) {
  const bool is_word = !text.empty() && text.size() <= longest_shown &&
                       std::all_of(text.begin(), text.end(), is_word_character);
  return is_word ? std::string(text) : in_quotes(text);
}

}  // namespace rankmesh::files
