#pragma once

/// @file
/// Real processes for a test, without MPI.

#include <nccl.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace rankmesh::tests {

/// A place in a source file: clang 14 has no std::source_location.
struct Place {
  const char* file;
  int line;
  [[nodiscard]] static Place here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {file, line};
  }
};

/// What the processes of one test share.
struct SharedPage;

/// One process of the job, inside of it.
class Process {
 public:
  Process(int rank, int size, SharedPage& page) : rank_(rank), size_(size), page_(page) {}

  [[nodiscard]] int rank() const { return rank_; }
  [[nodiscard]] int size() const { return size_; }

  /// Notes a failure; the process goes on.
  void check(bool condition, Place where = Place::here());
  /// Checks an NCCL result, and names the wrong one.
  void check(ncclResult_t expected, ncclResult_t result, Place where = Place::here());

  /// The ID of a slot: `maker` makes it, the others wait for it.
  [[nodiscard]] ncclUniqueId id(int slot = 0, int maker = 0);
  /// Raises a flag, and waits until it has been raised `count` times by anybody.
  void raise(int flag);
  void await(int flag, int count = 1);
  /// Waits until all processes are here.
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
  /// Exit code, or minus the signal; one each.
  std::vector<int> statuses;
  /// The failures of all, a line each; empty when all is well.
  std::string failures;
};

using Environment = std::map<std::string, std::string>;

/// Runs `body` in `size` processes. Each is killed by an alarm after 60 seconds.
[[nodiscard]] Outcome run_processes(int size, const Environment& environment,
                                    const std::function<void(Process&)>& body);

/// The same, and checks that all processes end without a failure.
void expect_well(int size, const Environment& environment, const std::function<void(Process&)>& body);

/// The threads and descriptors of this process now.
struct Held {
  int threads;
  int descriptors;
  bool operator==(const Held&) const = default;
};
[[nodiscard]] Held held_now();
/// Waits, for ten seconds at most, until no more is held than `before`.
[[nodiscard]] bool back_to(const Held& before);

/// Polls until the communicator's work has ended, for `milliseconds` at most. @return its state
[[nodiscard]] ncclResult_t settle(ncclComm_t communicator, int milliseconds = 10000);

}  // namespace rankmesh::tests
