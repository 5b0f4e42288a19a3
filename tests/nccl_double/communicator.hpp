#pragma once

#include <nccl.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "rendezvous.hpp"
#include "wire.hpp"

/// What an ncclComm_t points to.
struct ncclComm {
  /// @param settings already checked by `read_config`
  explicit ncclComm(const ncclConfig_t& settings);
  ncclComm(const ncclComm&) = delete;
  ~ncclComm();

  /// Waits for the calls that are still inside, and deletes it.
  void end();

  int rank = -1;
  int size = -1;
  int device = 0;
  const ncclConfig_t config;
  const bool blocking;
  /// What it takes of its device's memory.
  const std::int64_t bytes;

  rankmesh::tests::nccl_double::Star star;
  rankmesh::tests::nccl_double::Cancellation cancellation;

  /// What ncclCommGetAsyncError says.
  std::atomic<ncclResult_t> state{ncclSuccess};
  /// A split of this communicator is enqueued or under way.
  std::atomic<bool> splitting{false};
  bool finalize_called = false;

  /// Runs the work of a non-blocking communicator; one piece at a time, as calls on an unready one are
  /// refused.
  std::thread worker;
  /// Calls and works that are inside, for an abort from another thread.
  std::atomic<int> inside{0};
  /// Somebody is about to delete it.
  std::atomic<bool> ending{false};
};

namespace rankmesh::tests::nccl_double {

/// What a communicator is said to take of its device's memory: invented numbers, which grow with what a
/// program makes as the real ones do. It has 16 channels, or the nearest that minCTAs and maxCTAs allow.
inline constexpr std::int64_t bytes_per_communicator = std::int64_t{64} << 20;
inline constexpr std::int64_t bytes_per_channel = std::int64_t{4} << 20;

/// Checks a configuration (none: the defaults) and fills in what the caller left open. As in NCCL, it may be
/// that of an older or a newer version.
[[nodiscard]] ncclResult_t read_config(const ncclConfig_t* given, ncclConfig_t& result);

/// Whether `communicator` is one that lives: ncclInvalidArgument otherwise.
[[nodiscard]] ncclResult_t check_handle(ncclComm_t communicator);

/// Holds off the end of a communicator while a call uses it.
class Use {
 public:
  explicit Use(ncclComm_t communicator);
  Use(const Use&) = delete;
  ~Use();

  /// ncclInvalidArgument when it does not live, or is about to end.
  [[nodiscard]] ncclResult_t result() const noexcept { return result_; }

 private:
  ncclComm_t communicator_ = nullptr;
  ncclResult_t result_ = ncclSuccess;
};

/// Whether a new call may use it: ncclInvalidArgument while work is in progress, its error once it has one.
[[nodiscard]] ncclResult_t check_ready(ncclComm_t communicator);

/// Cancels all that waits inside, from any thread. @return whether the caller is the one to delete the
/// communicator
[[nodiscard]] bool cancel_for_good(ncclComm_t communicator);

/// Remembers a message for ncclGetLastError, and gives the result back.
ncclResult_t fail(ncclResult_t result, const std::string& message);

}  // namespace rankmesh::tests::nccl_double
