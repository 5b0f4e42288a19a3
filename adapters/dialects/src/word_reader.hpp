#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/mesh.hpp"

namespace rankmesh::dialects {

using WorldSize = std::optional<std::int64_t>;

/// A word `name=value` of a text, the name in lower case.
struct Word {
  std::string name;
  std::string value;
};

/// The words of a text, without brackets and quotes around values and without blanks inside.
[[nodiscard]] std::vector<Word> words_of(std::string_view text);

/// Reads the words `name=value` of a text and collects diagnostics. Brackets, parentheses and quotes around
/// the values, and blanks behind commas and around equals signs, are ignored.
class WordReader {
 public:
  /// @param known the names of the dialect
  WordReader(std::string_view text, std::initializer_list<std::string_view> known);

  [[nodiscard]] bool has(std::string_view name) const { return words_.contains(std::string(name)); }
  /// The value of a word; nothing if the word is absent.
  [[nodiscard]] std::optional<std::string> text(std::string_view name) const;
  /// A whole number; nothing if the word is absent or has another value.
  [[nodiscard]] std::optional<std::int64_t> number(std::string_view name);
  /// A number of at least 1, or -1; `otherwise` if the word is absent or has another value.
  [[nodiscard]] std::int64_t size(std::string_view name, std::int64_t otherwise);
  /// A list of names, in lower case.
  [[nodiscard]] std::vector<std::string> names(std::string_view name) const;
  /// A list of whole numbers.
  [[nodiscard]] std::vector<std::int64_t> sizes(std::string_view name);
  /// Axes from a word with their names and a word with their sizes, in the order of the text. No name is
  /// repeated.
  [[nodiscard]] std::vector<Axis> axes(std::string_view names_word, std::string_view sizes_word);
  /// Adds a diagnostic about the names of the axes that `axes` read.
  void refuse_axes(std::string rule);
  /// The world size from a word. If both are given, it must equal `from_elsewhere`.
  [[nodiscard]] WorldSize world_size(std::string_view name, WorldSize from_elsewhere);

  /// The axes with a size of -1 replaced by the world size divided by the other sizes. If that is not
  /// possible, or if the product is not the world size, adds diagnostics of the sizes that are given and
  /// returns the axes unchanged.
  /// @param axes under the names that the text has
  /// @param world_size if not given, set to the product of the axes
  [[nodiscard]] std::vector<Axis> filled(std::vector<Axis> axes, WorldSize& world_size);

  /// Adds a diagnostic if a number of experts does not divide the product of some axes.
  void require_experts_fit(std::int64_t experts, const std::vector<Axis>& axes);

  void refuse(std::string_view field, std::string value, std::string rule);
  /// @throws ConfigError if there is a diagnostic
  void throw_if_wrong();

 private:
  /// Adds a diagnostic for each name that is repeated or cannot be the name of an axis.
  void refuse_names(std::string_view word, const std::vector<std::string>& names);
  /// Adds a diagnostic for each size that keeps the product of the sizes from dividing the world.
  void refuse_indivisible(const std::vector<Axis>& axes, std::int64_t world_size);

  std::map<std::string, std::string> words_;
  /// The word from which `axes` read names first.
  std::string names_word_;
  std::vector<Diagnostic> diagnostics_;
};

}  // namespace rankmesh::dialects
