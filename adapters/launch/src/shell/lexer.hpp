#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace rankmesh::launch::shell {

/// No place in a text.
inline constexpr std::size_t npos = std::string_view::npos;

/// A place in a script, counted from 1.
struct Place {
  int line = 1;
  int column = 1;
};

/// What is wrong with a script, with its place.
struct SyntaxError {
  Place place;
  std::string rule;
};

struct Token {
  enum class Kind { word, operation, newline, arithmetic, end };

  Kind kind = Kind::end;
  /// Of a word: as it is written, with quotes and expansions. Of an operation: its characters. Of `((...))`:
  /// what is between the parentheses.
  std::string text{};
  Place place{};
  /// Of `<<`: the here-document.
  std::string body{};
  /// Whether the delimiter of the here-document is quoted, so that nothing in it is expanded.
  bool is_literal = false;
};

/// The tokens of a script, the last of kind `end`, without comments and continuations of lines.
/// @param begin the place of the first character
/// @throws SyntaxError for a quote or bracket that is not closed
[[nodiscard]] std::vector<Token> tokens_of(std::string_view text, Place begin = {});

/// The end of the expansion or quoted text that begins at `begin` with `$`, a backtick or a quote; `begin +
/// 1` for a dollar sign that begins no expansion. `npos` if it is not closed.
[[nodiscard]] std::size_t end_of_quoted(std::string_view text, std::size_t begin);

[[nodiscard]] bool is_name(std::string_view text);
/// The length of the name that a text begins with.
[[nodiscard]] std::size_t name_length(std::string_view text);

}  // namespace rankmesh::launch::shell
