#pragma once

/// @file
/// Starts an MPI job with mpiexec, as a user does in a shell, and captures its output and exit code. Link
/// rankmesh_mpi_job, which defines the command that starts jobs.

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace rankmesh::tests {

/// How a job ended, and its output.
struct Outcome {
  /// -1 if a signal ended mpiexec.
  int exit_code = -1;
  std::string out;
  std::string err;
  /// Processes of the job that still ran 20 seconds after mpiexec had ended.
  int left_over = 0;
};

/// A job to start.
struct Job {
  /// Consecutive ranks with the same options.
  struct Part {
    int processes = 1;
    std::string options{};
    /// If not empty, what these ranks run instead of the program of the job.
    std::string program{};
  };
  std::string program;
  std::vector<Part> parts{};
  /// `NAME=value` each.
  std::vector<std::string> environment{};
  /// Whether the other ranks run on after one has left without MPI_Finalize, if mpiexec has an option for
  /// that.
  bool runs_on = false;
  /// Whether MPI tells the other ranks then, if it can.
  bool tells_of_failures = false;
  /// If not empty, a folder in which each rank writes its stderr to a file named by its rank, instead of to
  /// mpiexec.
  std::string errors_by_rank{};
  /// A job that takes longer is killed; its exit code is then 124 or 137.
  int time_limit_seconds = 100;
};

inline std::string in_quotes(const std::string& word) {
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

/// The number of processes whose environment contains `mark`.
inline int processes_with(const std::string& mark) {
  int count = 0;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename().string();
    if (!std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c) != 0; }))
      continue;
    std::ifstream file(entry.path() / "environ");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    if (text.find(mark) != std::string::npos) ++count;
  }
  return count;
}

/// Waits up to 20 seconds for the processes of a job to end: mpiexec may end before them. Returns how many
/// remain.
inline int remaining_processes(const std::string& mark) {
  int remaining = processes_with(mark);
  for (int tries = 0; remaining > 0 && tries < 200; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    remaining = processes_with(mark);
  }
  return remaining;
}

/// The arguments of mpiexec. If ranks differ, all run a shell script that selects by rank, because the
/// mpiexec of Open MPI 5.0.7 crashes when it is given several programs.
inline std::string mpiexec_arguments(const Job& job) {
  int ranks = 0;
  std::string choice;
  for (const Job::Part& part : job.parts) {
    ranks += part.processes;
    choice += "[ $rank -ge " + std::to_string(ranks) + " ] || exec " +
              (part.program.empty() ? job.program : part.program) + " " + part.options + "; ";
  }
  const std::string count = RANKMESH_MPIEXEC_COUNT " " + std::to_string(ranks) + " ";
  const bool differs = job.parts.size() > 1 || !job.errors_by_rank.empty();
  if (!differs) return count + job.program + " " + job.parts.front().options;
  std::string script = "rank=${OMPI_COMM_WORLD_RANK:-${PMIX_RANK:-$PMI_RANK}}; ";
  if (!job.errors_by_rank.empty()) script += "exec 2>" + in_quotes(job.errors_by_rank + "/") + "$rank; ";
  return count + "sh -c " + in_quotes(script + choice);
}

/// The option with which MPI tells processes of the failure of others: Open MPI has it since version 5.
inline constexpr const char* fault_tolerance_option = "--with-ft ulfm";

/// Whether this mpiexec has an option.
inline bool mpiexec_has(const std::string& option) {
  const std::string command = RANKMESH_MPIEXEC " " + option + " " RANKMESH_MPIEXEC_COUNT " 1 true";
  return std::system((command + " </dev/null >/dev/null 2>&1").c_str()) == 0;
}

/// The option with which this mpiexec lets the other ranks run on after one has left without MPI_Finalize:
/// that of Open MPI or that of Hydra, which comes with MPICH.
inline std::optional<std::string> option_to_run_on() {
  for (const char* option : {"--enable-recovery", "-disable-auto-cleanup"}) {
    if (mpiexec_has(option)) return option;
  }
  return std::nullopt;
}

/// Ends a test case that cannot test anything here: CTest shows it as skipped. Must be the only thing that
/// happens in the case.
inline void skip(const std::string& why) {
  std::cout << "SKIPPED: " << why << std::endl;
}

/// Whether the other ranks run on after one was killed. Skips the test case if not: with its option,
/// Hydra 4.0 ends all processes that have called MPI_Init.
inline bool mpiexec_can_survive_a_rank() {
  if (option_to_run_on() == "--enable-recovery") return true;
  skip("this mpiexec ends the job when one process is killed");
  return false;
}

/// Whether MPI tells processes of the failure of others. Skips the test case if not.
inline bool mpi_tells_of_failures() {
  if (mpiexec_has(fault_tolerance_option)) return true;
  skip("this MPI has no ULFM");
  return false;
}

/// Starts a job and waits for its end.
inline Outcome run(const Job& job) {
  static int number = 0;
  const std::string mark =
      "RANKMESH_TEST_JOB=" + std::to_string(getpid()) + "." + std::to_string(++number) + ".";
  const TemporaryFolder folder;
  std::string command = "env " + mark;
  for (const std::string& variable : job.environment) command += " " + in_quotes(variable);
  command += " timeout -k 10 " + std::to_string(job.time_limit_seconds) + " " RANKMESH_MPIEXEC " ";
  if (job.tells_of_failures && mpiexec_has(fault_tolerance_option)) {
    command += std::string(fault_tolerance_option) + " ";
  } else if (job.runs_on) {
    command += option_to_run_on().value_or("") + " ";
  }
  command += mpiexec_arguments(job);
  command += " </dev/null >" + in_quotes(folder.file("out")) + " 2>" + in_quotes(folder.file("err"));
  const int status = std::system(command.c_str());
  Outcome outcome{.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
                  .out = folder.read("out"),
                  .err = folder.read("err"),
                  .left_over = remaining_processes(mark)};
  // Shown when a check fails.
  UNSCOPED_INFO("exit code " << outcome.exit_code << " of " << command << "\n" << outcome.out << outcome.err);
  return outcome;
}

/// How often `part` occurs in a text.
inline int occurrences(const std::string& text, const std::string& part) {
  int count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) {
    ++count;
  }
  return count;
}

}  // namespace rankmesh::tests
