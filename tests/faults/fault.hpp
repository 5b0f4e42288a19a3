#pragma once

#include <map>
#include <string>
#include <vector>

namespace rankmesh::tests::faults {

/// What happens to a process.
enum class Kind {
  kill,    ///< SIGKILL
  stop,    ///< SIGSTOP, for ever
  exit,    ///< the process ends with exit code 0, without MPI_Finalize
  error,   ///< the call does nothing and returns an error; the progress callback throws an exception
  slow,    ///< a pause that ends long before the deadline
  late,    ///< a pause that ends after the deadline, when the others are about to end
  freeze,  ///< all processes are stopped; whoever started them lets them go on after the deadline
  async,   ///< NCCL: the work of the call fails later
  die,     ///< NCCL: the process kills itself while the work of the call is under way
  hang,    ///< NCCL: the work of the call never ends
};

/// One fault: what happens to which rank, in which call of a function (from 1).
struct Fault {
  Kind kind = Kind::kill;
  int rank = 0;
  std::string point{};
  int number = 1;
};

/// Reads faults, for example `kill:3@MPI_Isend#2` or `stop:0@before#1,kill:1@MPI_Comm_dup#1`.
/// @throws std::invalid_argument
std::vector<Fault> parse_faults(const std::string& text);

/// How long the pauses last, in milliseconds.
struct Pauses {
  int slow = 0;
  int late = 0;
};

/// Chooses the faults of this process. From now on calls are counted, those of this thread only.
/// @param note_file gets the time, in seconds from now, when a fault happens. Beside it are the files
/// pid.RANK of all processes.
void arm(const std::vector<Fault>& faults, int rank, Pauses pauses, const std::string& note_file);

/// Counts a call, and lets the fault of this process happen if this is the call.
/// @return whether the call is to fail
[[nodiscard]] bool meet(const std::string& point);

/// How often each point was met.
[[nodiscard]] std::map<std::string, int> points_met();

/// What the process holds of MPI.
struct MpiBalance {
  int communicators = 0;
  int requests = 0;
};
[[nodiscard]] MpiBalance& mpi_balance();

}  // namespace rankmesh::tests::faults
