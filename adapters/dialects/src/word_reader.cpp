#include "word_reader.hpp"

#include <algorithm>
#include <utility>

#include "rankmesh/topology/text.hpp"

namespace rankmesh::dialects {
namespace {

bool is_blank(char c) {
  return std::string_view(" \t\r\n").find(c) != std::string_view::npos;
}

/// The text without brackets and quotes, and without blanks inside brackets, behind commas and around equals
/// signs.
std::string plain(std::string_view text) {
  std::string result;
  int depth = 0;
  for (const char c : text) {
    if (c == '(' || c == '[') ++depth;
    const bool closes = c == ')' || c == ']';
    if (closes) --depth;
    // Python writes a tuple of one as (4,).
    if (closes && result.ends_with(',')) result.pop_back();
    if (std::string_view("()[]\"'").find(c) != std::string_view::npos) continue;
    const bool continues = depth > 0 || (!result.empty() && (result.back() == ',' || result.back() == '='));
    if (is_blank(c) && continues) continue;
    while (c == '=' && !result.empty() && is_blank(result.back())) result.pop_back();
    result += c;
  }
  return result;
}

}  // namespace

WordReader::WordReader(std::string_view text, std::initializer_list<std::string_view> known) {
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

std::optional<std::string> WordReader::text(std::string_view name) const {
  const auto found = words_.find(std::string(name));
  return found == words_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::int64_t> WordReader::number(std::string_view name) {
  const auto value = text(name);
  if (!value) return std::nullopt;
  std::int64_t number = 0;
  std::string rule = read_number(*value, number);
  if (rule.empty()) return number;
  refuse(name, *value, std::move(rule));
  return std::nullopt;
}

std::int64_t WordReader::size(std::string_view name, std::int64_t otherwise) {
  const auto value = number(name);
  if (!value) return otherwise;
  if (*value >= 1 || *value == -1) return *value;
  refuse(name, std::to_string(*value), "is below 1, and not -1 for what the others leave");
  return otherwise;
}

std::vector<std::string> WordReader::names(std::string_view name) const {
  std::vector<std::string> result;
  const auto value = text(name);
  if (!value) return result;
  for (const std::string_view part : split_text(*value, ',')) result.push_back(lower_case(part));
  return result;
}

std::vector<std::int64_t> WordReader::sizes(std::string_view name) {
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

std::vector<Axis> WordReader::axes(std::string_view names_word, std::string_view sizes_word) {
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

WorldSize WordReader::world_size(std::string_view name, WorldSize from_elsewhere) {
  const auto own = number(name);
  if (!own) return from_elsewhere;
  if (from_elsewhere && *own != *from_elsewhere) {
    refuse(name, std::to_string(*own),
           "is not the world size that is given beside the text, " + std::to_string(*from_elsewhere));
  }
  return own;
}

std::vector<Axis> WordReader::filled(std::vector<Axis> axes, WorldSize& world_size) {
  try {
    std::vector<Axis> result = fill_in(axes, world_size);
    const Mesh mesh(result);
    if (!world_size) world_size = mesh.world_size();
    if (mesh.world_size() == *world_size) return result;
    std::erase_if(result, [](const Axis& axis) { return axis.size == 1; });
    refuse("layout", Mesh(result).to_string(),
           "multiplies to " + std::to_string(mesh.world_size()) + ", not to a world of " +
               std::to_string(*world_size) + "; one size may be -1, what the others leave");
  } catch (const ConfigError& error) {
    diagnostics_.insert(diagnostics_.end(), error.diagnostics().begin(), error.diagnostics().end());
  }
  return axes;
}

void WordReader::refuse(std::string_view field, std::string value, std::string rule) {
  diagnostics_.push_back({std::string(field), std::move(value), std::move(rule), {}});
}

void WordReader::throw_if_wrong() {
  if (!diagnostics_.empty()) throw ConfigError(std::exchange(diagnostics_, {}));
}

}  // namespace rankmesh::dialects
