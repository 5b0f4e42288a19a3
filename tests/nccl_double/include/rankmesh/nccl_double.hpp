#pragma once

/// @file
/// Functions for tests of the stand-in for NCCL and the CUDA runtime, beyond the calls of these two.
/// Environment variables control the stand-in: see tests/nccl_double/README.md in the sources.

#include <nccl.h>

#include <cstdint>
#include <cstdlib>
#include <string>

namespace rankmesh::nccl_double {

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
  std::int64_t shrink_calls;
  std::int64_t grow_calls;
  std::int64_t revoke_calls;
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

/// An environment variable that controls the stand-in in this process, as long as the object lives. Objects
/// for one variable must not overlap.
class ScopedSetting {
 public:
  /// @param name for example `RANKMESH_DOUBLE_NCCL_VERSION`
  ScopedSetting(const char* name, const std::string& value) : name_(name) {
    setenv(name, value.c_str(), 1);
    rankmesh_nccl_double_reset();
  }
  ScopedSetting(const ScopedSetting&) = delete;
  ScopedSetting& operator=(const ScopedSetting&) = delete;
  /// Also ends the threads of unique IDs that a failed bring-up has left behind.
  ~ScopedSetting() {
    unsetenv(name_);
    rankmesh_nccl_double_reset();
    rankmesh_nccl_double_discard_ids();
  }

 private:
  const char* name_;
};

/// Faults of the calls of NCCL and CUDA in this process, as long as the object lives.
class ScopedFaults : public ScopedSetting {
 public:
  /// @param rules of the form `call@rank[#n]=kind[:value]`, separated by semicolons, for example
  ///        `ncclCommInitRankConfig@2=error:2;ncclGetUniqueId@0=slow:500`. A wrong rule ends the process.
  explicit ScopedFaults(const std::string& rules) : ScopedSetting("RANKMESH_DOUBLE_FAULTS", rules) {}
};

}  // namespace rankmesh::nccl_double
