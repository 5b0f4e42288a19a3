#pragma once

/// @file
/// Functions of the double for tests, beyond the calls of NCCL and the CUDA runtime. Environment variables
/// control the double: see README.md in this folder.

#include <nccl.h>

#include <cstdint>

namespace rankmesh::tests::nccl_double {

/// Counts of what this process holds, and of what it has done.
struct Counters {
  /// @name Held now
  /// @{
  std::int64_t live_communicators;
  std::int64_t
      unconsumed_ids;  ///< unique IDs created here whose group is not complete; each has a thread and sockets
  std::int64_t threads;  ///< threads of the double running in this process
  std::int64_t live_streams;
  std::int64_t live_allocations;
  std::int64_t allocated_bytes;
  std::int64_t communicator_bytes;  ///< device memory of communicators; invented, see README.md
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
  std::int64_t cuda_calls;  ///< of the CUDA runtime, without those that name an error
  std::int64_t messages;
  std::int64_t bytes;
  /// @}
};

extern "C" {
/// Fills in the counters of this process.
void rankmesh_nccl_double_counters(Counters* counters);
/// Ends the threads of unused unique IDs and waits for them. NCCL has no such function. Leak checks need it
/// in tests that leave unique IDs unused on purpose.
void rankmesh_nccl_double_discard_ids();
/// Reads the environment variables again, and resets the numbers of calls that rules for faults use.
void rankmesh_nccl_double_reset();
/// The configuration of a communicator, with defaults filled in. `commName` is the caller's pointer, as in
/// NCCL.
/// @param config initialised with NCCL_CONFIG_INITIALIZER; receives the options of its version
/// @return 0 if there is no such communicator
int rankmesh_nccl_double_config(ncclComm_t communicator, ncclConfig_t* config);
}

[[nodiscard]] inline Counters counters() {
  Counters result;
  rankmesh_nccl_double_counters(&result);
  return result;
}

}  // namespace rankmesh::tests::nccl_double
