#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "rankmesh/output/sink.hpp"
#include "rankmesh/output/style.hpp"

namespace rankmesh::cli {

/// The exit codes of the program `rankmesh`.
enum ExitCode : int {
  success = 0,
  /// Output that cannot be written, or another error that the command line did not cause.
  failure = 1,
  /// A bad command line; nothing was written to the standard output.
  bad_input = 2,
  /// `diff` found different groups.
  different = 3,
};

/// The destinations of the output.
struct Streams {
  /// The standard output.
  Sink& out;
  /// The standard error, for errors and warnings.
  Sink& err;
  /// Whether `out` is coloured.
  bool colour_out = false;
  /// Whether `err` is coloured.
  bool colour_err = false;
  /// The width of the lines of `out` in characters.
  std::size_t width = default_width;
};

/// Whether to colour a stream: a terminal is coloured unless the variable NO_COLOR is set and not empty
/// (no-color.org).
/// @param no_color the value of the variable, null if it is not set
[[nodiscard]] bool wants_colour(bool is_terminal, const char* no_color) noexcept;

/// The width of lines on the standard output: that of the terminal; without one, that of the variable
/// COLUMNS; else `default_width`. At least 40.
/// @param terminal the columns of the terminal, 0 if the output is no terminal or does not know its width
/// @param columns the value of the variable, null if it is not set
[[nodiscard]] std::size_t width_of_lines(std::size_t terminal, const char* columns) noexcept;

/// Runs the program and returns its exit code. If the reader closes the pipe, the exit code is `success`.
/// @param args the words behind the name of the program
[[nodiscard]] int run(std::span<const std::string> args, const Streams& streams) noexcept;

}  // namespace rankmesh::cli
