#pragma once

#include <optional>
#include <string>

namespace rankmesh::tests::nccl_double {

/// This process's rank in the job: RANKMESH_DOUBLE_RANK, or what the launcher says; 0 without either.
[[nodiscard]] int job_rank();

/// This process's rank on its machine: what the launcher says; the job rank without it.
[[nodiscard]] int local_rank();

/// The variable `name` followed by "_<job rank>" where that is set, else `name`: one command line can so
/// steer one rank alone.
[[nodiscard]] std::optional<std::string> setting(const std::string& name);

}  // namespace rankmesh::tests::nccl_double
