#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/options/program.hpp"

/// @file
/// Texts made from descriptions, as help texts, man pages and completions need them.

namespace rankmesh::cli {

/// `-h`, `--help`; none for an argument.
[[nodiscard]] std::vector<std::string> spellings(const Option& option);

/// What stands for the value: `N`, `text|json`, the name of an argument; empty for a switch.
[[nodiscard]] std::string value_name(const Option& option);

/// The words that completion offers as a value.
[[nodiscard]] std::vector<std::string> completed_words(const Option& option);

/// One line: what the option is for.
[[nodiscard]] std::string brief(const Option& option);

/// What the option is for, its choices, whether it may be repeated, and the default: `text, json or csv
/// [text]`. Choices with descriptions of their own are left out, and the text ends with a colon.
[[nodiscard]] std::string explained(const Option& option);

/// Whether the choices are explained one by one.
[[nodiscard]] bool has_explained_choices(const Option& option);

/// The options under one heading.
struct HeadedOptions {
  /// The heading.
  std::string heading;
  /// Its options, in the order in which they were added.
  std::vector<const Option*> options;
};
/// All options by heading: arguments first, and last the heading of `--help`, which has the lesser ones.
[[nodiscard]] std::vector<HeadedOptions> options_by_heading(const Command& command);

/// The visible commands of a program; none for a command.
[[nodiscard]] std::vector<const Command*> visible_commands_of(const Command& command);

}  // namespace rankmesh::cli
