#pragma once

#include <span>
#include <string>
#include <vector>

#include "command.hpp"

namespace rankmesh::cli {

/// A command line of the program rankmesh, read.
class CommandLine {
 public:
  /// @param args the words behind the name of the program
  explicit CommandLine(std::span<const std::string> args);

  /// Everything that is wrong with the command line; if there is a problem, nothing may be printed.
  [[nodiscard]] const Problems& problems() const noexcept { return problems_; }
  /// What to do if there is no problem.
  [[nodiscard]] const Task& task() const noexcept { return task_; }
  /// `rankmesh groups --help`: the command line that prints the help text.
  [[nodiscard]] std::string help_command() const { return command_ + " --help"; }

 private:
  std::string command_;
  Problems problems_;
  Task task_;
};

}  // namespace rankmesh::cli
