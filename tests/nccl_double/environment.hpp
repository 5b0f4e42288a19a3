#pragma once

#include <optional>
#include <string>

namespace rankmesh::nccl_double {

/// The rank of this process in the job: RANKMESH_DOUBLE_RANK, or the rank from the launcher, or 0.
[[nodiscard]] int job_rank();

/// The rank of this process on its machine, from the launcher; the job rank if there is none.
[[nodiscard]] int local_rank();

/// The environment variable `<name>_<job rank>` if it is set, else `<name>`. One command line can therefore
/// set a variable for one rank.
[[nodiscard]] std::optional<std::string> setting(const std::string& name);

}  // namespace rankmesh::nccl_double
