#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shell/lexer.hpp"

namespace rankmesh::launch::shell {

struct Redirection {
  /// `<<<`, `<<`, `>`
  std::string operation;
  /// The word behind it; of a here-document, the token `<<` itself.
  Token target;
};

/// A command of a script.
struct Node {
  enum class Kind {
    /// Words with redirections.
    simple,
    /// Commands joined by `|`.
    pipeline,
    /// Pipelines joined by `;`, `&&` and `||`.
    list,
    /// A condition and a list, more such pairs, and perhaps a last list.
    if_clause,
    /// `for name in words; do list; done`
    for_loop,
    /// `while` or `until`: a condition and a list.
    while_loop,
    /// A list for each set of patterns.
    case_clause,
    /// `{ list; }` or `( list )`
    group,
    /// A name and its body.
    function,
    /// `((...))`
    arithmetic,
    /// `[[ ... ]]`
    condition,
  };

  Kind kind = Kind::simple;
  Place place{};
  /// Of a loop: the variable; of a function: its name; of arithmetic: the expression.
  std::string name{};
  std::vector<Token> words{};
  std::vector<Redirection> redirections{};
  std::vector<Node> children{};
  /// Of a list: `;`, `&&` or `||` before each child. Of a case: the patterns of each child, separated by line
  /// ends.
  std::vector<std::string> joints{};
  /// `!` before a pipeline, `until` instead of `while`.
  bool is_negated = false;
};

/// Reads a script.
/// @throws SyntaxError
[[nodiscard]] Node parse(std::string_view text, Place begin = {});

}  // namespace rankmesh::launch::shell
