#include "word_reader.hpp"

#include <algorithm>
#include <utility>

#include "rankmesh/topology/closest_matches.hpp"
#include "rankmesh/topology/group_kind.hpp"
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

std::vector<Word> words_of(std::string_view text) {
  std::vector<Word> words;
  const std::string cleaned = plain(text);
  for (const std::string_view word : split_words(cleaned)) {
    const std::size_t equals = word.find('=');
    words.push_back({lower_case(word.substr(0, equals)),
                     std::string(equals == std::string_view::npos ? "" : word.substr(equals + 1))});
  }
  return words;
}

WordReader::WordReader(std::string_view text, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : words_of(text)) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      const std::vector<std::string> names(known.begin(), known.end());
      const std::vector<std::string> meant = closest_matches(name, names);
      refuse(name, value,
             "is no word of this dialect; known are " + joined(known, ", ") + did_you_mean(meant));
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
  if (names_word_.empty()) names_word_ = names_word;
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
  refuse_names(names_word, axis_names);
  return result;
}

void WordReader::refuse_axes(std::string rule) {
  refuse(names_word_, text(names_word_).value_or(""), std::move(rule));
}

void WordReader::refuse_names(std::string_view word, const std::vector<std::string>& names) {
  for (auto name = names.begin(); name != names.end(); ++name) {
    if (!GroupKind::is_valid(*name)) {
      refuse(word, *text(word),
             "has \"" + *name +
                 "\" in it, which cannot be the name of an axis: 1 to 31 letters, digits and underscores are "
                 "allowed, the first a letter");
    } else if (std::find(names.begin(), name, *name) != name) {
      refuse(word, *text(word), "names " + *name + " twice");
    }
  }
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
  const auto is_open = [](const Axis& axis) { return axis.size == -1; };
  const bool has_one_open = std::count_if(axes.begin(), axes.end(), is_open) == 1;
  if (has_one_open && world_size && *world_size >= 1) {
    const std::size_t before = diagnostics_.size();
    refuse_indivisible(axes, *world_size);
    if (diagnostics_.size() > before) return axes;
  }
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

void WordReader::refuse_indivisible(const std::vector<Axis>& axes, std::int64_t world_size) {
  const std::string world = "does not divide a world of " + std::to_string(world_size);
  std::int64_t product = 1;
  std::vector<std::string> factors;
  const Axis* last = nullptr;
  bool each_divides = true;
  for (const Axis& axis : axes) {
    if (axis.size <= 1) continue;
    if (world_size % axis.size != 0) {
      refuse(axis.name, std::to_string(axis.size), world);
      each_divides = false;
      continue;
    }
    // Above the world size, the product divides no more.
    product = product > world_size / axis.size ? world_size + 1 : product * axis.size;
    factors.push_back(axis.name + " = " + std::to_string(axis.size));
    last = &axis;
  }
  if (!each_divides || world_size % product == 0) return;
  refuse(last->name, std::to_string(last->size),
         "does not work: the product of " + joined(factors, " and ") + " " + world);
}

void WordReader::require_experts_fit(std::int64_t experts, const std::vector<Axis>& axes) {
  std::int64_t ranks = 1;
  std::vector<std::string> factors;
  for (const Axis& axis : axes) {
    ranks *= axis.size;
    if (axis.size > 1) factors.push_back(axis.name + " = " + std::to_string(axis.size));
  }
  if (experts < 1 || ranks % experts == 0) return;
  refuse("ep", std::to_string(experts),
         factors.empty() ? "is above 1, the number of ranks that experts are spread over here"
                         : "does not divide " + joined(factors, " times ") +
                               ", the ranks that experts are spread over here");
}

void WordReader::refuse(std::string_view field, std::string value, std::string rule) {
  diagnostics_.push_back({std::string(field), std::move(value), std::move(rule), {}});
}

void WordReader::throw_if_wrong() {
  if (!diagnostics_.empty()) throw ConfigError(std::exchange(diagnostics_, {}));
}

}  // namespace rankmesh::dialects
