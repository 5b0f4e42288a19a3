#pragma once

#include <array>
#include <chrono>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/comm/host_identity.hpp"
#include "rankmesh/nccl/options.hpp"
#include "rankmesh/topology/parallel_config.hpp"

namespace rankmesh::bringup {

/// The library that creates the communicators.
enum class Backend { mpi, nccl };

/// The settings of the command line.
struct Settings {
  ParallelConfig config;
  bool as_json = false;
  bool shows_progress = false;
  std::chrono::seconds deadline = std::chrono::minutes(5);
  Backend backend = Backend::mpi;
  /// Whether the ranks get numbers for which groups cross fewer hosts.
  bool places = false;
  /// The processes that die, one after another, see `run_with_deaths`. Empty in a usual run.
  std::vector<int> kill_ranks{};
  /// The host on which this process counts as running, if it is played.
  std::optional<HostIdentity> host{};
  /// The options of NCCL, without those of all backends.
  nccl::Options nccl{};
};

/// The values of --strategy, in the order of `nccl::Strategy`.
inline constexpr std::array<std::string_view, 3> strategies{"unique_id", "mpi_split", "nccl_split"};

/// The command line as read on this rank.
struct CommandLine {
  Settings settings;
  /// Nothing if the job should run; else print `out` to stdout and `err` with `print_error`, and exit.
  std::optional<int> exit_code{};
  std::string out{};
  std::string err{};
};

/// The value of --deadline; the default if it is not given or not readable. Opens no file.
/// @param args as for `read_command_line`
[[nodiscard]] std::chrono::seconds read_deadline(std::span<const std::string> args);

/// Reads the command line and the files that it names. Reports all errors, not only the first. A file
/// may block for ever: a pipe on which nobody writes.
/// @param args without the name of the program
/// @param rank this process, for --hosts
[[nodiscard]] CommandLine read_command_line(std::span<const std::string> args, int rank, int world_size);

/// Writes the man page and the shell completions of the program. The build installs them.
void write_pages(std::string_view version, const std::filesystem::path& folder);

}  // namespace rankmesh::bringup
