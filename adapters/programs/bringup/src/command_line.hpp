#pragma once

#include <array>
#include <chrono>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "rankmesh/nccl/options.hpp"
#include "rankmesh/topology/parallel_config.hpp"

namespace rankmesh::bringup {

/// The library to make communicators with.
enum class Backend { mpi, nccl };

/// What the command line says.
struct Settings {
  ParallelConfig config;
  bool as_json = false;
  bool shows_progress = false;
  std::chrono::seconds deadline = std::chrono::minutes(5);
  Backend backend = Backend::mpi;
  /// How to bring up with NCCL, but for what all backends have.
  nccl::Options nccl{};
};

/// The words of the command line for `nccl::Strategy`, in its order.
inline constexpr std::array<std::string_view, 3> strategies{"unique_id", "mpi_split", "nccl_split"};

/// What became of reading the command line on this rank.
struct Reading {
  Settings settings;
  /// Nothing where the job can go on.
  std::optional<int> exit_code{};
  std::string out{};
  std::string err{};
};

/// Reads everything, also the file of options; reports everything that is wrong.
/// @param args the words after the name of the program
[[nodiscard]] Reading read_command_line(std::span<const std::string> args, int world_size);

/// Writes the man page and the completions of the program, for the build, which installs them.
void write_pages(std::string_view version, const std::filesystem::path& folder);

}  // namespace rankmesh::bringup
