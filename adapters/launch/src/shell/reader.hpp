#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "shell/lexer.hpp"

namespace rankmesh::launch::shell {

/// A value that a script does not say: of a variable that it does not set, or of a command that is not run.
struct Unknown {
  Place place{};
  /// As it is written: `$SLURM_NNODES`, `$(nvidia-smi -L | wc -l)`.
  std::string text{};
  /// Whether a shell would take an empty text, because the variable is not set.
  bool is_unset = false;
};

/// A text of a script, with the place where it is written. Values that are unknown are marks in it.
struct Text {
  std::string text{};
  Place place{};
};

/// A program that a script starts.
struct Command {
  /// The program and its arguments.
  std::vector<Text> words{};
  /// The variables of the script at that time, and those in front of the command.
  std::map<std::string, Text> variables{};
};

/// What a script does, as far as it says so itself.
struct Script {
  std::vector<Command> commands{};
  std::vector<Unknown> unknowns{};
  /// `#SBATCH --nodes=8`: the options by name.
  std::map<std::string, Text> directives{};

  /// The first unknown value in a text; null if all is known.
  [[nodiscard]] const Unknown* unknown_in(std::string_view text) const;
};

/// Reads a script without running anything: assignments, arrays, expansions, arithmetic, conditions, loops,
/// functions and here-strings are followed; where a condition is unknown, both branches are read, and what
/// they set differently is unknown.
/// @throws SyntaxError if it is no shell script, or too much work
[[nodiscard]] Script read_script(std::string_view text);

}  // namespace rankmesh::launch::shell
