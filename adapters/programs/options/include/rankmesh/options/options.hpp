#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/options/program.hpp"

/// @file
/// Parsing a command line, and reading the values of its options. No function stops at the first mistake:
/// each adds a sentence for every mistake to a list.

namespace rankmesh::cli {

/// What is wrong with a command line, a sentence each.
using Problems = std::vector<std::string>;

/// The value of an option; nothing if it was not given, or was given twice or without a value, which is a
/// problem.
[[nodiscard]] std::optional<std::string> value_of(const Option& option, Problems& problems);
/// All values of a repeatable option.
[[nodiscard]] std::vector<std::string> values_of(const Option& option, Problems& problems);
/// The words of a text between separators: `dp+cp`. An empty text has one empty word.
[[nodiscard]] std::vector<std::string> words_between(std::string_view text, char separator);
/// The words of the list that an option was given, `tp,pp`; none if it was not given or has a problem. An
/// empty word, and a word that is there twice, are problems.
[[nodiscard]] std::vector<std::string> list_of(const Option& option, Problems& problems);
/// Whether a switch was given.
[[nodiscard]] bool is_given(const Option& option, Problems& problems);

/// The whole numbers that an option takes, both ends included.
struct NumberRange {
  /// The least.
  std::int64_t min = 1;
  /// The greatest.
  std::int64_t max = INT64_MAX;
};
/// The most ranks that MPI and NCCL can number.
inline constexpr std::int64_t max_ranks = INT32_MAX;
/// The whole number that an option was given; nothing if it was not given or has a problem.
[[nodiscard]] std::optional<std::int64_t> number_of(const Option& option, NumberRange range,
                                                    Problems& problems);

/// Whole numbers that an option was given, both ends included; an end that is missing was left open.
struct GivenRange {
  /// The least.
  std::optional<std::int64_t> min{};
  /// The greatest.
  std::optional<std::int64_t> max{};
};
/// The number or the range that an option was given: `8`, `2..8`, `2..` or `..8`; nothing if it was not given
/// or has a problem.
[[nodiscard]] std::optional<GivenRange> range_of(const Option& option, NumberRange range, Problems& problems);

/// The decimal numbers that an option takes, both ends included.
struct DecimalRange {
  /// The least.
  double min = 0;
  /// The greatest.
  double max = 0;
};
/// The decimal number that an option was given, `0.25` or `1e-3`; nothing if it was not given or has a
/// problem.
[[nodiscard]] std::optional<double> decimal_of(const Option& option, DecimalRange range, Problems& problems);
/// The shortest text that reads back as the same number: `0.003`.
[[nodiscard]] std::string decimal_text(double number);

/// Which of its choices an option was given, as an index; nothing if it was not given or has a problem.
[[nodiscard]] std::optional<std::size_t> choice_of(const Option& option, Problems& problems);
/// The choices that a repeatable option was given, as indices; without those that have a problem.
[[nodiscard]] std::vector<std::size_t> choices_of(const Option& option, Problems& problems);

/// The result of parsing a command line.
struct Parsed {
  /// The help text or the version, if the command line asks for it: print it and exit with success.
  std::optional<std::string> answer{};
  /// The command that was given; null for a program without commands, and where the command is missing.
  Command* command = nullptr;
  /// Unknown options, with the options that may have been meant; unexpected words; a command or required
  /// options that are missing.
  Problems problems{};
};

/// Parses a command line and stores the words of each option in the program. Throws nothing for a bad command
/// line.
/// @param args the words behind the name of the program
[[nodiscard]] Parsed parse(Program& program, std::span<const std::string> args);

}  // namespace rankmesh::cli
