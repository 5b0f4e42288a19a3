#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rankmesh/topology/parallel_config.hpp"
#include "strategy.hpp"

namespace rankmesh::simulate {

enum class Format { text, json };

/// The values of the command line.
struct Settings {
  std::vector<ParallelConfig> layouts{};
  std::vector<Strategy> strategies{};
  Conditions conditions{};
  Format format = Format::text;
};

/// The result of reading the command line.
struct Reading {
  Settings settings{};
  /// The exit code if the program must end; nothing if it can go on.
  std::optional<int> exit_code{};
  std::string out{};
  std::string err{};
};

/// The default networks: docs/simulation.md has the sources of their parameters.
[[nodiscard]] Costs default_costs();

/// @param args the arguments without the name of the program
[[nodiscard]] Reading read_command_line(std::span<const std::string> args);

}  // namespace rankmesh::simulate
