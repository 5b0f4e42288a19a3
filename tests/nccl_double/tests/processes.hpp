#pragma once

/// @file
/// Processes created by fork, for tests without MPI.

#include <nccl.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace rankmesh::tests {

/// A place in a source file, because clang 14 lacks std::source_location.
struct Place {
  const char* file;
  int line;
  [[nodiscard]] static Place here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {file, line};
  }
};

/// Memory that the processes of one test share.
struct SharedPage;

/// One process of the job, as used inside it.
class Process {
 public:
  Process(int rank, int size, SharedPage& page) : rank_(rank), size_(size), page_(page) {}

  [[nodiscard]] int rank() const { return rank_; }
  [[nodiscard]] int size() const { return size_; }

  /// Records a failure if the condition is false. The process continues.
  void check(bool condition, Place where = Place::here());
  /// Checks an NCCL result, and records the wrong one.
  void check(ncclResult_t expected, ncclResult_t result, Place where = Place::here());

  /// The unique ID of a slot: the rank `maker` creates it, the others wait for it.
  [[nodiscard]] ncclUniqueId id(int slot = 0, int maker = 0,
                                const std::function<ncclResult_t(ncclUniqueId*)>& make = ncclGetUniqueId);
  /// `raise` increments a flag; `await` waits until it has been raised `count` times by all processes
  /// together.
  void raise(int flag);
  void await(int flag, int count = 1);
  /// Waits until all processes have called this.
  void meet(int flag) {
    raise(flag);
    await(flag, size_);
  }

 private:
  void note(const std::string& text, Place where);

  int rank_;
  int size_;
  SharedPage& page_;
};

/// How the processes ended.
struct Outcome {
  /// For each process, its exit code, or the negative number of the signal that ended it.
  std::vector<int> statuses;
  /// The failures of all processes, one on each line; empty if there are none.
  std::string failures;
};

using Environment = std::map<std::string, std::string>;

/// Runs `body` in `size` processes. An alarm kills each process after 60 seconds.
[[nodiscard]] Outcome run_processes(int size, const Environment& environment,
                                    const std::function<void(Process&)>& body);

/// Runs processes, and checks that all end without a failure.
void expect_well(int size, const Environment& environment, const std::function<void(Process&)>& body);

/// The number of threads and file descriptors of this process.
struct Held {
  int threads;
  int descriptors;
  bool operator==(const Held&) const = default;
};
[[nodiscard]] Held held_now();
/// Waits at most ten seconds until the process holds no more than `before`.
[[nodiscard]] bool back_to(const Held& before);

/// Polls until the work of the communicator has ended, at most `milliseconds`.
/// @return its state
[[nodiscard]] ncclResult_t settle(ncclComm_t communicator, int milliseconds = 10000);

}  // namespace rankmesh::tests
