#pragma once

#include <nccl.h>

#include <string_view>

#include "wire.hpp"

namespace rankmesh::nccl_double {

enum class FaultKind {
  none,
  error,  ///< the call returns this code at once
  async,  ///< the work of the call fails with this code: on a non-blocking communicator, its asynchronous
          ///< error
  size,   ///< the call uses this number of ranks; the child of a split reports it
  hang,   ///< the work of the call does not end until the communicator is aborted
  slow,   ///< the work of the call starts after this many milliseconds
  die,    ///< the process kills itself, after this many milliseconds
  needs_excluded,  ///< a shrink does not end if an excluded rank has left the communicator (nccl#2397)
};

struct Fault {
  FaultKind kind = FaultKind::none;
  int value = 0;
};

/// Counts a call of `name`, and of its `family` if rules may name the family instead, and returns the fault
/// that RANKMESH_DOUBLE_FAULTS requests for it. A malformed specification ends the process with a message,
/// because a fault that does not happen would let a test pass wrongly.
[[nodiscard]] Fault next_fault(std::string_view name, std::string_view family = {});

/// Carries out the delay of a fault, and returns its asynchronous error. `cancellation` ends the delay.
[[nodiscard]] ncclResult_t undergo(const Fault& fault, const Cancellation& cancellation);

/// Carries out a fault in a call without a communicator, where a hang never ends.
/// @return the error code; 0 for none
[[nodiscard]] int undergo_fault_of(std::string_view name);

}  // namespace rankmesh::nccl_double
