#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rankmesh::cli {

/// What is wrong with a command line, a sentence each. CLI11 stops at the first thing it dislikes; the
/// functions here keep the words as they were written and collect everything instead.
using Problems = std::vector<std::string>;

/// How an option is called, shown and explained.
struct OptionText {
  /// `--tp`, or without dashes for a positional argument.
  std::string name{};
  /// `N`: what stands for the value in the help text.
  std::string value_name{};
  /// One or more lines.
  std::string description{};
  /// The heading of the help text under which it is listed.
  std::string group = "Options";
  /// The words that it takes, for completion; those of `value_name` where that is `first|last`.
  std::vector<std::string> choices{};
};

/// An option with a value. Whether it is missing, repeated or sensible is judged by those who read it.
CLI::Option* add_value(CLI::App& app, const OptionText& text);
/// An option that takes no value.
CLI::Option* add_switch(CLI::App& app, const OptionText& text);

/// Several values without a name of their own, none of them missing or empty but for those who read them to
/// say so.
CLI::Option* add_values(CLI::App& app, const OptionText& text);

/// The commands of a program but for hidden ones, which are in no heading.
[[nodiscard]] std::vector<CLI::App*> visible_commands(const CLI::App& app);

/// The words that an option takes; empty where it takes others too.
[[nodiscard]] std::vector<std::string> choices_of(CLI::Option& option);

/// What an option was given; nothing if it was not, or has a problem: given twice, or without a value.
[[nodiscard]] std::optional<std::string> value_of(const CLI::Option& option, Problems& problems);
/// Everything that an option was given that may be repeated.
[[nodiscard]] std::vector<std::string> values_of(const CLI::Option& option, Problems& problems);
/// Whether a switch was given.
[[nodiscard]] bool is_given(const CLI::Option& option, Problems& problems);

/// The numbers that an option takes, both ends included.
struct NumberRange {
  /// The least.
  std::int64_t min = 1;
  /// The greatest.
  std::int64_t max = INT64_MAX;
};
/// The number that an option was given; nothing if it was not, or has a problem.
[[nodiscard]] std::optional<std::int64_t> number_of(const CLI::Option& option, NumberRange range,
                                                    Problems& problems);
/// The decimal numbers that an option takes, both ends included.
struct DecimalRange {
  /// The smallest.
  double min = 0;
  /// The largest.
  double max = 0;
};
/// The decimal number that an option was given, `0.25` or `1e-3`; nothing if it was not, or has a problem.
[[nodiscard]] std::optional<double> decimal_of(const CLI::Option& option, DecimalRange range,
                                               Problems& problems);
/// A decimal number as short as it can be and still be read as the same number: `0.003`.
[[nodiscard]] std::string decimal_text(double number);
/// Which of some words an option was given, as an index; nothing if it was not, or has a problem.
[[nodiscard]] std::optional<std::size_t> choice_of(const CLI::Option& option,
                                                   std::span<const std::string_view> choices,
                                                   Problems& problems);

/// What parsing a command line gave, besides the options that now know their words.
struct Parsed {
  /// The help text or version that was asked for: print it and end well.
  std::optional<std::string> answer{};
  /// The words that no option took: unknown options, with those that may have been meant, and stray words.
  Problems problems{};
};

/// Parses the words after the name of the program. Throws nothing for a bad command line.
/// @param app made ready with `set_help_style`; sub-commands included, extras are allowed and reported here
[[nodiscard]] Parsed parse(CLI::App& app, std::span<const std::string> args);

/// Gives a program and the sub-commands it has by now the help text of this project.
void set_help_style(CLI::App& app);

}  // namespace rankmesh::cli
