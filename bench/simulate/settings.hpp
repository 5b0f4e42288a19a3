#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rankmesh/topology/parallel_config.hpp"
#include "strategy.hpp"

namespace rankmesh::simulate {

enum class Format { text, json };

/// What the command line says.
struct Settings {
  std::vector<ParallelConfig> layouts{};
  std::vector<Strategy> strategies{};
  Conditions conditions{};
  Format format = Format::text;
};

/// What became of reading the command line.
struct Reading {
  Settings settings{};
  /// Nothing where the program can go on.
  std::optional<int> exit_code{};
  std::string out{};
  std::string err{};
};

/// The networks that are simulated where nothing is said: docs/simulation.md has their source.
[[nodiscard]] Costs default_costs();

/// @param args without the name of the program
[[nodiscard]] Reading read_command_line(std::span<const std::string> args);

}  // namespace rankmesh::simulate
