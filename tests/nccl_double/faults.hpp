#pragma once

#include <nccl.h>

#include <string_view>

#include "wire.hpp"

namespace rankmesh::tests::nccl_double {

enum class FaultKind {
  none,
  error,  ///< the call returns this code at once
  async,  ///< the work of the call fails with this code: on a non-blocking communicator, its asynchronous
          ///< error
  size,   ///< the call acts as if its number of ranks were this; a split says so of its child
  hang,   ///< the work of the call does not end until the communicator is aborted
  slow,   ///< the work of the call starts after this many milliseconds
  die,    ///< the process kills itself, after this many milliseconds
};

struct Fault {
  FaultKind kind = FaultKind::none;
  int value = 0;
};

/// Counts a call of `name` (and of its `family`, where rules may name that instead) and says which fault
/// RANKMESH_DOUBLE_FAULTS asks for. A specification that cannot be read ends the process with a message: a
/// fault that silently does not happen would let a test pass.
[[nodiscard]] Fault next_fault(std::string_view name, std::string_view family = {});

/// The part of a fault that takes time, then its asynchronous error; `cancellation` ends a wait.
[[nodiscard]] ncclResult_t undergo(const Fault& fault, const Cancellation& cancellation);

/// All of a fault in a call without a communicator, where a hang is for ever. @return the error code, 0 for
/// none
[[nodiscard]] int undergo_fault_of(std::string_view name);

}  // namespace rankmesh::tests::nccl_double
