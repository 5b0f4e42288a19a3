#pragma once

#include <string>

#include "adapters/programs/bringup/job.hpp"

namespace rankmesh::tests {

/// A job of rankmesh-bringup with NCCL.
/// @param faults rules for the test double
inline Job nccl_job(int processes, const std::string& options, const std::string& faults = "") {
  return {.program = RANKMESH_BRINGUP,
          .parts = {{processes, "--backend nccl " + options}},
          .environment = {"RANKMESH_DOUBLE_FAULTS=" + faults}};
}

inline Outcome bring_up(int processes, const std::string& options, const std::string& faults = "") {
  return run(nccl_job(processes, options, faults));
}

}  // namespace rankmesh::tests
