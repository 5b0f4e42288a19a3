#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "operations.hpp"
#include "rankmesh/mpi/bring_up.hpp"

namespace rankmesh::nccl {

/// Starts operations as soon as they are ready and looks after them, until all are done on all ranks.
/// @param done which operations are; also where this throws
/// @collective over the ranks of the job
/// @throws DeadlineError, BringUpError the same on every rank
void drive_together(mpi::BringUp& bring_up, Operations& operations, Identifiers& identifiers,
                    std::vector<bool>& done);

/// Carries out operations that block, one after another; every rank enters each only when all have come to
/// it.
/// @param done as above
/// @collective over the ranks of the job
/// @throws DeadlineError, BringUpError the same on every rank
void drive_in_order(mpi::BringUp& bring_up, Operations& operations, Identifiers& identifiers,
                    std::vector<bool>& done);

}  // namespace rankmesh::nccl
