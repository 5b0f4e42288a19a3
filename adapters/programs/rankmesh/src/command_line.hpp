#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "commands.hpp"
#include "rankmesh/options/options.hpp"

namespace rankmesh::cli {

/// What a command line asks for.
class CommandLine {
 public:
  /// @param args the words after the name of the program
  explicit CommandLine(std::span<const std::string> args);

  /// Everything that is wrong with the words; nothing may be printed then.
  [[nodiscard]] const Problems& problems() const noexcept { return problems_; }
  /// Does what is asked for; returns what the program ends with.
  [[nodiscard]] int run(Writer& out, Style style) const { return run_(out, style); }
  /// What the user should know besides.
  [[nodiscard]] const std::vector<std::string>& warnings() const noexcept { return warnings_; }
  /// `rankmesh groups --help`: where to read on.
  [[nodiscard]] std::string help_command() const;

 private:
  std::string command_;
  Problems problems_;
  std::vector<std::string> warnings_;
  std::function<int(Writer&, Style)> run_;
};

}  // namespace rankmesh::cli
