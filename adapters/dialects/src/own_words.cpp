#include "own_words.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "rankmesh/topology/config_values.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::dialects {
namespace {

/// Words with the names of axes, each with the word that has the sizes.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> lists{
    {{"names", "shape"}, {"expert_names", "expert_shape"}, {"axes", "dims"}, {"order", "sizes"}}};

/// A size in a text: the value of a word, or a part of it.
struct WrittenSize {
  /// The name of the word or of the axis.
  std::string name;
  std::int64_t value;
  /// The word, and the part of its value.
  std::size_t word;
  std::size_t part;
};

std::optional<std::size_t> find_word(const std::vector<Word>& words, std::string_view name) {
  const auto found = std::find_if(words.begin(), words.end(), [&](const Word& w) { return w.name == name; });
  if (found == words.end()) return std::nullopt;
  return static_cast<std::size_t>(found - words.begin());
}

/// The sizes of a text, those of axes under the names of the axes.
std::vector<WrittenSize> sizes_of(const std::vector<Word>& words) {
  std::vector<WrittenSize> sizes;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto list =
        std::find_if(lists.begin(), lists.end(), [&](const auto& l) { return l.second == words[i].name; });
    const bool is_list = list != lists.end();
    const auto names = is_list ? find_word(words, list->first) : std::nullopt;
    const auto name_parts = names ? split_text(words[*names].value, ',') : std::vector<std::string_view>();
    const auto parts = split_text(words[i].value, ',');
    if (is_list ? name_parts.size() != parts.size() : parts.size() != 1) continue;
    for (std::size_t part = 0; part < parts.size(); ++part) {
      std::int64_t value = 0;
      if (!read_number(parts[part], value).empty()) continue;
      sizes.push_back({is_list ? lower_case(name_parts[part]) : words[i].name, value, i, part});
    }
  }
  return sizes;
}

/// The text with another value of a size.
std::string with_value(std::vector<Word> words, const WrittenSize& size, std::int64_t value) {
  const std::string before = words[size.word].value;
  std::vector<std::string> parts;
  for (const std::string_view part : split_text(before, ',')) parts.emplace_back(part);
  parts[size.part] = std::to_string(value);
  words[size.word].value = joined(parts, ",");
  return joined(words, " ", [](const Word& word) { return word.name + "=" + word.value; });
}

/// Values to try: the divisors of the world, or without one of the product of all sizes.
std::vector<std::int64_t> candidates(const std::vector<WrittenSize>& sizes, WorldSize world_size,
                                     const Diagnostic& diagnostic) {
  constexpr std::int64_t most = 2147483647;
  std::int64_t product = 1;
  for (const WrittenSize& size : sizes) {
    if (size.name == "world") world_size = world_size.value_or(size.value);
    if (size.value >= 1) product = product > most / size.value ? most : product * size.value;
  }
  const std::int64_t world = std::clamp<std::int64_t>(world_size.value_or(product), 1, most);
  std::set<std::int64_t> values(diagnostic.nearest.begin(), diagnostic.nearest.end());
  for (std::int64_t divisor = 1; divisor <= world / divisor; ++divisor) {
    if (world % divisor == 0) values.insert({divisor, world / divisor});
  }
  return {values.begin(), values.end()};
}

class OwnWords {
 public:
  OwnWords(const Reader& read, std::string_view text, WorldSize world_size,
           const std::vector<Diagnostic>& found)
      : read_(read),
        world_size_(world_size),
        words_(words_of(text)),
        sizes_(sizes_of(words_)) {
    for (const Diagnostic& diagnostic : found) wrong_.insert(diagnostic.field);
  }

  void complete(Diagnostic& diagnostic) const {
    const std::string field = diagnostic.field;
    if (field == "layout") {
      std::vector<std::string> changes;
      for (const WrittenSize& size : sizes_) {
        const std::vector<std::int64_t> values = nearest(size, field, diagnostic);
        if (!values.empty()) changes.push_back(size.name + " = " + joined(values, " or "));
      }
      if (!changes.empty()) diagnostic.rule += "; take " + joined(changes, " or ");
      return;
    }
    const auto size = std::find_if(sizes_.begin(), sizes_.end(),
                                   [&](const WrittenSize& s) { return s.name == diagnostic.field; });
    // The rules of the library know nearest values of other words too, for example of stages. -1 is no size.
    if (size != sizes_.end() && size->value != -1) diagnostic.nearest = nearest(*size, field, diagnostic);
  }

 private:
  /// The nearest values of a size below and above its own that mend what is wrong with a field.
  [[nodiscard]] std::vector<std::int64_t> nearest(const WrittenSize& size, const std::string& field,
                                                  const Diagnostic& diagnostic) const {
    std::vector<std::int64_t> below = candidates(sizes_, world_size_, diagnostic);
    std::vector<std::int64_t> above = below;
    std::erase_if(below, [&](std::int64_t value) { return value >= size.value; });
    std::erase_if(above, [&](std::int64_t value) { return value <= size.value; });
    std::reverse(below.begin(), below.end());
    std::vector<std::int64_t> result;
    for (const auto& side : {below, above}) {
      const auto found = std::find_if(side.begin(), side.end(), [&](std::int64_t value) {
        return works(with_value(words_, size, value), field);
      });
      if (found != side.end()) result.push_back(*found);
    }
    return result;
  }

  [[nodiscard]] bool works(const std::string& changed, const std::string& field) const {
    try {
      static_cast<void>(read_(changed, world_size_));
      return true;
    } catch (const ConfigError& error) {
      return std::all_of(error.diagnostics().begin(), error.diagnostics().end(), [&](const Diagnostic& left) {
        return left.field != field && wrong_.contains(left.field);
      });
    }
  }

  const Reader& read_;
  WorldSize world_size_;
  std::vector<Word> words_;
  std::vector<WrittenSize> sizes_;
  /// The fields that have a diagnostic.
  std::set<std::string> wrong_;
};

}  // namespace

std::vector<Diagnostic> with_values(std::vector<Diagnostic> diagnostics, const Reader& read,
                                    std::string_view text, WorldSize world_size) {
  const OwnWords own(read, text, world_size, diagnostics);
  for (Diagnostic& diagnostic : diagnostics) own.complete(diagnostic);
  return diagnostics;
}

std::vector<Diagnostic> renamed_fields(std::vector<Diagnostic> diagnostics, std::string_view text,
                                       const std::function<std::string(const FieldDescription&)>& word_of) {
  const std::vector<Word> words = words_of(text);
  for (const FieldDescription& field : describe_fields()) {
    const std::string word = word_of(field);
    // The text may have the name of a field, which is an unknown word there; and the world size may be given
    // beside the text.
    if (word == field.field || find_word(words, field.field)) continue;
    if (field.field == "world_size" && !find_word(words, word)) continue;
    for (Diagnostic& diagnostic : diagnostics) {
      if (diagnostic.field == field.field) diagnostic.field = word;
      diagnostic.rule.rename(field.field, word);
    }
  }
  return diagnostics;
}

}  // namespace rankmesh::dialects
