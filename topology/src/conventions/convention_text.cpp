// The text forms of a convention's table.

#include <algorithm>
#include <utility>

#include "rankmesh/topology/convention_table.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// What follows a separator, cut off the text; empty where there is no separator.
std::string take_behind(std::string_view& text, std::string_view separator) {
  const std::size_t found = text.rfind(separator);
  if (found == std::string_view::npos) return "";
  const std::string behind(trimmed(text.substr(found + separator.size())));
  text = trimmed(text.substr(0, found));
  return behind;
}

/// The name before a colon, cut off the text.
std::string take_name(std::string_view& text, const char* form) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    throw ConfigError({Diagnostic{.field = "\"" + std::string(text) + "\"",
                                  .rule = std::string("has another form than ") + form}});
  }
  const std::string name(trimmed(text.substr(0, colon)));
  text = trimmed(text.substr(colon + 1));
  return name;
}

/// The words of `'ULYSSES' | 'HELIX'`; none if the text is an expression.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (const std::string_view part : split_text(text, '|')) {
    const std::string_view word = trimmed(part);
    const bool is_word = word.size() > 2 && word.front() == '\'' && word.find('\'', 1) == word.size() - 1;
    if (!is_word) return {};
    words.emplace_back(word.substr(1, word.size() - 2));
  }
  return words;
}

}  // namespace

std::string to_string(const ConventionTable::Size& size) {
  if (!size.words.empty())
    return size.name + " = " +
           joined(size.words, " | ", [](const std::string& word) { return "'" + word + "'"; });
  return size.default_value.empty() ? size.name : size.name + " = " + size.default_value;
}

std::string to_string(const ConventionTable::Rule& rule) {
  return rule.size + ": " + rule.condition + " else " + rule.message;
}

std::string to_string(const ConventionTable::Kind& kind) {
  std::string text = kind.name + ":" + (kind.groups.empty() ? "" : " ") + kind.groups;
  if (!kind.condition.empty()) text += " if " + kind.condition;
  if (!kind.listed_as.empty()) text += " as " + kind.listed_as;
  return text;
}

ConventionTable::Size parse_convention_size(std::string_view text) {
  const std::size_t equals = text.find('=');
  ConventionTable::Size size{.name = std::string(trimmed(text.substr(0, equals)))};
  if (equals == std::string_view::npos) return size;
  const std::string_view value = trimmed(text.substr(equals + 1));
  size.words = words_of(value);
  if (size.words.empty()) size.default_value = value;
  return size;
}

ConventionTable::Rule parse_convention_rule(std::string_view text) {
  constexpr const char* form = "SIZE: CONDITION else MESSAGE";
  std::string_view rest = text;
  ConventionTable::Rule rule{.size = take_name(rest, form)};
  rule.message = take_behind(rest, " else ");
  rule.condition = rest;
  if (rule.message.empty())
    throw ConfigError({Diagnostic{.field = "\"" + std::string(text) + "\"",
                                  .rule = std::string("has another form than ") + form}});
  return rule;
}

ConventionTable::Kind parse_convention_kind(std::string_view text) {
  ConventionTable::Kind kind{.name = take_name(text, "NAME: GROUPS if CONDITION as NAME")};
  // So that a kind without axes has blanks before its `if`, too.
  const std::string padded = " " + std::string(text);
  std::string_view rest = padded;
  kind.listed_as = take_behind(rest, " as ");
  const std::string before_as = " " + std::string(trimmed(rest));
  rest = before_as;
  kind.condition = take_behind(rest, " if ");
  kind.groups = trimmed(rest);
  return kind;
}

}  // namespace rankmesh
