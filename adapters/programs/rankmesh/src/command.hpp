#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "rankmesh/options/options.hpp"
#include "rankmesh/output/style.hpp"
#include "rankmesh/output/writer.hpp"

namespace rankmesh::cli {

/// The work of a command, known once its options have been read without a problem.
struct Task {
  /// What the user should know besides the output.
  std::vector<std::string> warnings{};
  /// What is wrong although there is output; `run` returns the exit code for it.
  std::vector<std::string> errors{};
  /// Prints the output; returns the exit code of the program.
  std::function<int(Writer&, Style)> run{};
};

/// A command of the program rankmesh.
class RunnableCommand : public Command {
 public:
  using Command::Command;

  /// Reads the options after `parse`. Without problems, returns the task to run.
  [[nodiscard]] virtual Task read(Problems& problems) const = 0;
};

/// All commands, in the order of the help text.
[[nodiscard]] std::vector<std::unique_ptr<RunnableCommand>> all_commands();

}  // namespace rankmesh::cli
