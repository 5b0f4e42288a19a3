#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rankmesh/topology/parallel_config.hpp"

namespace rankmesh::bench {

enum class Format { text, json };

/// The settings of the command line.
struct Settings {
  std::vector<ParallelConfig> layouts{};
  int repetitions = 5;
  Format format = Format::text;
  /// The file for the table as Markdown, if any.
  std::optional<std::string> markdown_file{};
  std::chrono::seconds deadline = std::chrono::minutes(2);
  /// Whether to print only the versions.
  bool versions = false;
};

/// The command line as read.
struct CommandLine {
  Settings settings{};
  /// Nothing if the job should run; else print `out` and `err` and exit.
  std::optional<int> exit_code{};
  std::string out{};
  std::string err{};
};

/// The layouts that are measured by default: those of a short list that are possible for the world size.
[[nodiscard]] std::vector<ParallelConfig> default_layouts(int world_size);

/// @param args without the name of the program
[[nodiscard]] CommandLine read_command_line(std::span<const std::string> args, int world_size);

}  // namespace rankmesh::bench
