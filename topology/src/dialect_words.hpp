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

/// The words `name=value` of a text, and what is wrong with them. Brackets, parentheses and quotes around the
/// values, and blanks behind commas, are as good as none.
class DialectWords {
 public:
  /// @param known the names there are in the dialect
  DialectWords(std::string_view text, std::initializer_list<std::string_view> known);

  [[nodiscard]] bool has(std::string_view name) const { return words_.contains(std::string(name)); }
  /// The value of a word; nothing if it is not there.
  [[nodiscard]] std::optional<std::string> text(std::string_view name) const;
  /// A number of at least one, or -1; `otherwise` where the word is not there, or no such number.
  [[nodiscard]] std::int64_t size(std::string_view name, std::int64_t otherwise);
  [[nodiscard]] std::vector<std::string> names(std::string_view name) const;
  [[nodiscard]] std::vector<std::int64_t> sizes(std::string_view name);
  /// Axes from a word with their names and one with their sizes, in the order written.
  [[nodiscard]] std::vector<Axis> axes(std::string_view names_word, std::string_view sizes_word);

  void refuse(std::string_view field, std::string value, std::string rule);
  /// @throws ConfigError if there is anything wrong
  void throw_if_wrong();

 private:
  std::map<std::string, std::string> words_;
  std::vector<Violation> violations_;
};

}  // namespace rankmesh
