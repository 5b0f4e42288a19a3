#pragma once

/// @file
/// What a test may ask of the double beyond the calls of NCCL and the CUDA runtime. The double itself is
/// steered by environment variables: see README.md beside this file.

#include <nccl.h>

#include <cstdint>

namespace rankmesh::tests::nccl_double {

/// What this process has done with the double, and what it still holds.
struct Counters {
  /// @name Held now
  /// @{
  std::int64_t live_communicators;
  std::int64_t
      unconsumed_ids;    ///< IDs made here whose group has not completed: a thread and its sockets each
  std::int64_t threads;  ///< threads of the double running in this process
  std::int64_t live_streams;
  std::int64_t live_allocations;
  std::int64_t allocated_bytes;
  std::int64_t communicator_bytes;  ///< of device memory, by communicators: invented, see README.md
  /// @}
  /// @name Done so far
  /// @{
  std::int64_t ids_made;
  std::int64_t init_calls;
  std::int64_t split_calls;
  std::int64_t finalize_calls;
  std::int64_t destroy_calls;
  std::int64_t abort_calls;
  std::int64_t collective_calls;
  std::int64_t messages;
  std::int64_t bytes;
  /// @}
};

extern "C" {
/// Fills in the counters of this process.
void rankmesh_nccl_double_counters(Counters* counters);
/// Ends the threads behind unconsumed IDs and waits for them. NCCL has no such call: for leak gates of tests
/// that make such IDs on purpose.
void rankmesh_nccl_double_discard_ids();
/// Reads the environment again, and counts calls for faults from nought.
void rankmesh_nccl_double_reset();
#if NCCL_VERSION_CODE >= 21400
/// The configuration that a live communicator was made with, its gaps filled in; `commName` is the caller's
/// own pointer, as in NCCL.
/// @param config from NCCL_CONFIG_INITIALIZER: it gets the options that its version has
/// @return 0 when there is no such communicator
int rankmesh_nccl_double_config(ncclComm_t communicator, ncclConfig_t* config);
#endif
}

[[nodiscard]] inline Counters counters() {
  Counters result;
  rankmesh_nccl_double_counters(&result);
  return result;
}

}  // namespace rankmesh::tests::nccl_double
