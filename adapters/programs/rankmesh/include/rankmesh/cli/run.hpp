#pragma once

#include <span>
#include <string>

#include "rankmesh/output/sink.hpp"

namespace rankmesh::cli {

/// What the program `rankmesh` ends with.
enum ExitCode : int {
  success = 0,
  /// Output that cannot be written, and anything else that is not the caller's doing.
  failure = 1,
  /// A command line that asks for something impossible; nothing was written to the standard output.
  bad_input = 2,
  /// Layouts that were compared and have different groups.
  different = 3,
};

/// What the program writes to.
struct Streams {
  /// For what was asked for.
  Sink& out;
  /// For errors and warnings.
  Sink& err;
  /// Whether `out` gets colour.
  bool colour_out = false;
  /// Whether `err` does.
  bool colour_err = false;
};

/// Whether a stream gets colour: a terminal does, unless the variable NO_COLOR is set to anything but nothing
/// (no-color.org).
/// @param no_color the value of the variable, null if it is not set
[[nodiscard]] bool wants_colour(bool is_terminal, const char* no_color) noexcept;

/// Runs the program. A reader that closes the pipe ends it quietly and well.
/// @param args the words after the name of the program
[[nodiscard]] int run(std::span<const std::string> args, const Streams& streams) noexcept;

}  // namespace rankmesh::cli
