#pragma once

/// @file
/// rankmesh-bringup as a person starts it: with mpiexec, from a shell.

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"

namespace rankmesh::tests {

using Json = nlohmann::json;

/// A folder that is gone at the end of the scope.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "rankmesh-test-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] std::string path() const { return path_.string(); }
  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }
  [[nodiscard]] std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name) << text;
    return file(name);
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream file(path_ / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  std::filesystem::path path_;
};

/// How a job ended and what it printed.
struct Outcome {
  int exit_code = -1;
  std::string out;
  std::string err;
  /// Processes of the job that still ran long after it had ended.
  int left_over = 0;
};

/// A job to start: each part has its own number of processes, program and options.
struct Job {
  struct Part {
    int processes = 1;
    std::string options{};
  };
  std::string program;
  std::vector<Part> parts{};
  /// Variables, `NAME=value`, and options of mpiexec.
  std::vector<std::string> environment{};
  std::string mpiexec_options{};
  /// A folder where each rank writes its errors to a file of its number, if they shall not pass through
  /// mpiexec.
  std::string errors_by_rank{};
};

inline std::string in_quotes(const std::string& word) {
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

/// How many processes have a variable in their environment that only those of one job have.
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

/// Waits for the processes of a job to go away, which mpiexec does not. Returns how many remain.
inline int remaining_processes(const std::string& mark) {
  int remaining = processes_with(mark);
  for (int tries = 0; remaining > 0 && tries < 200; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    remaining = processes_with(mark);
  }
  return remaining;
}

/// What mpiexec starts. Where ranks differ, each chooses for itself: the mpiexec of Open MPI 5.0.7 does not
/// survive several programs.
inline std::string what_to_start(const Job& job) {
  int ranks = 0;
  std::string choice;
  for (const Job::Part& part : job.parts) {
    ranks += part.processes;
    choice +=
        "[ $rank -ge " + std::to_string(ranks) + " ] || exec " + job.program + " " + part.options + "; ";
  }
  const std::string count = RANKMESH_MPIEXEC_COUNT " " + std::to_string(ranks) + " ";
  const bool differs = job.parts.size() > 1 || !job.errors_by_rank.empty();
  if (!differs) return count + job.program + " " + job.parts.front().options;
  std::string script = "rank=${OMPI_COMM_WORLD_RANK:-${PMIX_RANK:-$PMI_RANK}}; ";
  if (!job.errors_by_rank.empty()) script += "exec 2>" + in_quotes(job.errors_by_rank + "/") + "$rank; ";
  return count + "sh -c " + in_quotes(script + choice);
}

/// Starts a job and waits for its end. One that does not end is killed, and the exit code is 124 or 137.
inline Outcome run(const Job& job) {
  static int number = 0;
  const std::string mark =
      "RANKMESH_TEST_JOB=" + std::to_string(getpid()) + "." + std::to_string(++number) + ".";
  const TemporaryFolder folder;
  std::string command = "env " + mark;
  for (const std::string& variable : job.environment) command += " " + in_quotes(variable);
  command += " timeout -k 10 100 " RANKMESH_MPIEXEC " " + job.mpiexec_options + " ";
  command += what_to_start(job);
  command += " </dev/null >" + in_quotes(folder.file("out")) + " 2>" + in_quotes(folder.file("err"));
  const int status = std::system(command.c_str());
  Outcome outcome{.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
                  .out = folder.read("out"),
                  .err = folder.read("err"),
                  .left_over = remaining_processes(mark)};
  // What a failed check shows.
  UNSCOPED_INFO("exit code " << outcome.exit_code << " of " << command << "\n" << outcome.out << outcome.err);
  return outcome;
}

/// How often a text occurs in another.
inline int occurrences(const std::string& text, const std::string& part) {
  int count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) {
    ++count;
  }
  return count;
}

inline Json kind_named(const Json& report, const std::string& name) {
  for (const Json& kind : report.at("kinds")) {
    if (kind.at("kind") == name) return kind;
  }
  return {};
}

/// The lines of progress that a job printed, checked: `[ 3/11] tensor    1.24 ms`, complete and in order.
/// Returns the names of the parts.
inline std::vector<std::string> progress_parts(const std::string& err) {
  std::vector<std::string> parts;
  int total = 0;
  std::size_t begin = 0;
  while (begin < err.size()) {
    std::size_t end = err.find('\n', begin);
    if (end == std::string::npos) end = err.size();
    const std::string line = err.substr(begin, end - begin);
    begin = end + 1;
    int step = 0;
    int all = 0;
    std::array<char, 32> name{};
    double milliseconds = -1;
    if (std::sscanf(line.c_str(), "[%d/%d] %31s %lf ms", &step, &all, name.data(), &milliseconds) != 4)
      continue;
    CAPTURE(line);
    parts.emplace_back(name.data());
    if (total == 0) total = all;
    CHECK(all == total);
    CHECK(step == static_cast<int>(parts.size()));
    CHECK(milliseconds >= 0);
  }
  CHECK(static_cast<int>(parts.size()) == total);
  return parts;
}

}  // namespace rankmesh::tests
