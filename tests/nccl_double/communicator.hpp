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

/// The object behind an ncclComm_t.
struct ncclComm {
  /// @param settings already checked by `read_config`
  explicit ncclComm(const ncclConfig_t& settings);
  ncclComm(const ncclComm&) = delete;
  ~ncclComm();

  /// Waits for the calls in progress, and deletes this object.
  void end();

  int rank = -1;
  int size = -1;
  int device = 0;
  const ncclConfig_t config;
  const bool blocking;
  /// The device memory of the communicator.
  const std::int64_t bytes;

  rankmesh::nccl_double::Star star;
  /// A socket that listens as long as this communicator exists, and its name on each rank: other ranks can
  /// find out whether this rank has left. The name of rank 0 also identifies the communicator.
  rankmesh::nccl_double::Descriptor presence;
  std::vector<std::uint64_t> presence_names;
  rankmesh::nccl_double::Cancellation cancellation;

  /// The result of ncclCommGetAsyncError.
  std::atomic<ncclResult_t> state{ncclSuccess};
  /// Whether a split of this communicator is enqueued or in progress.
  std::atomic<bool> splitting{false};
  bool finalize_called = false;
  std::atomic<bool> revoked{false};
  /// Whether operations were cancelled on this rank: what is left of them may lie in the connections, which
  /// were therefore closed.
  bool star_lost = false;
  /// The number of calls of ncclCommGrow.
  int grows = 0;
  /// Whether an ID of ncclCommGetUniqueId is not used yet.
  bool has_grow_id = false;

  /// Runs the work of a non-blocking communicator. There is at most one piece of work, because calls are
  /// refused while work is in progress.
  std::thread worker;
  /// Calls and work in progress. An abort from another thread waits until this is 0.
  std::atomic<int> inside{0};
  /// Whether a thread is about to delete this object.
  std::atomic<bool> ending{false};
};

namespace rankmesh::nccl_double {

/// The device memory of a communicator and of each of its channels. The numbers are invented. A communicator
/// has 16 channels, clamped to the range from minCTAs to maxCTAs.
inline constexpr std::int64_t bytes_per_communicator = std::int64_t{64} << 20;
inline constexpr std::int64_t bytes_per_channel = std::int64_t{4} << 20;

/// Checks a configuration and fills in the defaults of options that the caller left undefined. A null pointer
/// means all defaults. As in NCCL, the configuration may be of an older or a newer version.
[[nodiscard]] ncclResult_t read_config(const ncclConfig_t* given, ncclConfig_t& result);

/// ncclInvalidArgument unless the communicator exists.
[[nodiscard]] ncclResult_t check_handle(ncclComm_t communicator);

/// Delays the deletion of a communicator while a call uses it.
class Use {
 public:
  explicit Use(ncclComm_t communicator);
  Use(const Use&) = delete;
  ~Use();

  /// ncclInvalidArgument if the communicator does not exist or is about to be deleted.
  [[nodiscard]] ncclResult_t result() const noexcept { return result_; }

 private:
  ncclComm_t communicator_ = nullptr;
  ncclResult_t result_ = ncclSuccess;
};

/// Whether a new call may use the communicator: ncclInvalidArgument while work is in progress; the error of
/// the communicator if it has one.
[[nodiscard]] ncclResult_t check_ready(ncclComm_t communicator);

/// Cancels all waits of the communicator; any thread may call this.
/// @return whether the caller must delete the communicator
[[nodiscard]] bool cancel_for_good(ncclComm_t communicator);

/// Cancels the operations in progress, waits for their end, and makes the communicator usable again, without
/// connections. The caller holds a Use.
/// @return ncclInvalidArgument if the communicator is about to be deleted
[[nodiscard]] ncclResult_t end_operations(ncclComm_t communicator);

/// Stores a message for ncclGetLastError, and returns the result.
ncclResult_t fail(ncclResult_t result, const std::string& message);

}  // namespace rankmesh::nccl_double
