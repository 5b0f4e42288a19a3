#include "dialect_words.hpp"

#include <algorithm>
#include <utility>

#include "text.hpp"

namespace rankmesh {
namespace {

/// Without brackets and quotes, and without blanks behind commas and inside brackets.
std::string plain(std::string_view text) {
  std::string result;
  int depth = 0;
  for (const char c : text) {
    if (c == '(' || c == '[') ++depth;
    if (c == ')' || c == ']') --depth;
    const bool is_blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    const bool continues = depth > 0 || (!result.empty() && result.back() == ',');
    if (std::string_view("()[]\"'").find(c) != std::string_view::npos || (is_blank && continues)) continue;
    result += c;
  }
  return result;
}

}  // namespace

DialectWords::DialectWords(std::string_view text, std::initializer_list<std::string_view> known) {
  const std::string cleaned = plain(text);
  for (const std::string_view word : split_words(cleaned)) {
    const std::size_t equals = word.find('=');
    const std::string name = lower_case(word.substr(0, equals));
    const std::string value(equals == std::string_view::npos ? "" : word.substr(equals + 1));
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      refuse(name, value, "is no word of this dialect; known are " + joined(known, ", "));
    } else if (value.empty()) {
      refuse(name, "", "has no value: write " + name + "=...");
    } else if (!words_.emplace(name, value).second) {
      refuse(name, value, "is given twice");
    }
  }
}

std::optional<std::string> DialectWords::text(std::string_view name) const {
  const auto found = words_.find(std::string(name));
  return found == words_.end() ? std::nullopt : std::optional(found->second);
}

std::int64_t DialectWords::size(std::string_view name, std::int64_t otherwise) {
  const auto value = text(name);
  if (!value) return otherwise;
  std::int64_t number = 0;
  if (std::string rule = read_number(*value, number); !rule.empty()) {
    refuse(name, *value, std::move(rule));
  } else if (number < 1 && number != -1) {
    refuse(name, *value, "is below 1, and not -1 for what the others leave");
  } else {
    return number;
  }
  return otherwise;
}

std::vector<std::string> DialectWords::names(std::string_view name) const {
  std::vector<std::string> result;
  const auto value = text(name);
  if (!value) return result;
  for (const std::string_view part : split_text(*value, ',')) result.push_back(lower_case(part));
  return result;
}

std::vector<std::int64_t> DialectWords::sizes(std::string_view name) {
  std::vector<std::int64_t> result;
  const auto value = text(name);
  if (!value) return result;
  for (const std::string_view part : split_text(*value, ',')) {
    if (std::string rule = read_number(part, result.emplace_back()); !rule.empty()) {
      refuse(name, *value, "has \"" + std::string(part) + "\" in it, which " + rule);
    }
  }
  return result;
}

std::vector<Axis> DialectWords::axes(std::string_view names_word, std::string_view sizes_word) {
  const std::vector<std::string> axis_names = names(names_word);
  const std::vector<std::int64_t> axis_sizes = sizes(sizes_word);
  for (const std::string_view word : {names_word, sizes_word}) {
    if (!has(word)) refuse(word, "", "is missing: write " + std::string(word) + "=..., one for each axis");
  }
  if (axis_names.size() != axis_sizes.size() && has(names_word) && has(sizes_word)) {
    refuse(sizes_word, *text(sizes_word),
           "has " + std::to_string(axis_sizes.size()) + " sizes for the " +
               std::to_string(axis_names.size()) + " axes of " + std::string(names_word) + " = " +
               *text(names_word));
  }
  std::vector<Axis> result;
  for (std::size_t i = 0; i < std::min(axis_names.size(), axis_sizes.size()); ++i) {
    result.push_back({axis_names[i], axis_sizes[i]});
  }
  return result;
}

void DialectWords::refuse(std::string_view field, std::string value, std::string rule) {
  violations_.push_back({std::string(field), std::move(value), std::move(rule), {}});
}

void DialectWords::throw_if_wrong() {
  if (!violations_.empty()) throw ConfigError(std::exchange(violations_, {}));
}

}  // namespace rankmesh
