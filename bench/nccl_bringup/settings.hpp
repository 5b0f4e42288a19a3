#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rankmesh/topology/parallel_config.hpp"

namespace rankmesh::bench {

enum class Format { text, json };

/// What the command line says.
struct Settings {
  std::vector<ParallelConfig> layouts{};
  int repetitions = 5;
  Format format = Format::text;
  /// Where the table goes as Markdown too.
  std::optional<std::string> markdown_file{};
  std::chrono::seconds deadline = std::chrono::minutes(2);
  /// Whether only to tell what this runs with.
  bool versions = false;
};

/// What became of reading the command line.
struct Reading {
  Settings settings{};
  /// Nothing where the job can go on.
  std::optional<int> exit_code{};
  std::string out{};
  std::string err{};
};

/// The layouts that are measured where none is given: those of a short list that a world of this size can
/// have.
[[nodiscard]] std::vector<ParallelConfig> default_layouts(int world_size);

/// @param args without the name of the program
[[nodiscard]] Reading read_command_line(std::span<const std::string> args, int world_size);

}  // namespace rankmesh::bench
