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

namespace rankmesh {

using WorldSize = std::optional<std::int64_t>;

/// The words `name=value` of a text, and what is wrong with them, all of it. Brackets, parentheses and quotes
/// around the values, and blanks behind commas and around equals signs, are as good as none.
class DialectWords {
 public:
  /// @param known the names there are in the dialect
  DialectWords(std::string_view text, std::initializer_list<std::string_view> known);

  [[nodiscard]] bool has(std::string_view name) const { return words_.contains(std::string(name)); }
  /// The value of a word; nothing if it is not there.
  [[nodiscard]] std::optional<std::string> text(std::string_view name) const;
  /// Any whole number; nothing where the word is not there, or no number.
  [[nodiscard]] std::optional<std::int64_t> number(std::string_view name);
  /// A number of at least one, or -1; `otherwise` where the word is not there, or no such number.
  [[nodiscard]] std::int64_t size(std::string_view name, std::int64_t otherwise);
  /// A list of names, in lower case.
  [[nodiscard]] std::vector<std::string> names(std::string_view name) const;
  /// A list of whole numbers.
  [[nodiscard]] std::vector<std::int64_t> sizes(std::string_view name);
  /// Axes from a word with their names and one with their sizes, in the order written.
  [[nodiscard]] std::vector<Axis> axes(std::string_view names_word, std::string_view sizes_word);
  /// The size of the world from a word, which must be that from elsewhere if both are given.
  [[nodiscard]] WorldSize world_size(std::string_view name, WorldSize from_elsewhere);

  /// The axes with a size of -1 replaced by what the others leave of the world; the axes as they are where
  /// that does not work, or where they make up another world.
  /// @param world_size set to what the axes make up, if not given
  [[nodiscard]] std::vector<Axis> filled(std::vector<Axis> axes, WorldSize& world_size);

  void refuse(std::string_view field, std::string value, std::string rule);
  /// @throws ConfigError if there is anything wrong
  void throw_if_wrong();

 private:
  std::map<std::string, std::string> words_;
  std::vector<Diagnostic> diagnostics_;
};

}  // namespace rankmesh
