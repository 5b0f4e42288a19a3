#pragma once

#include "rankmesh/comm/bring_up_options.hpp"
#include "rankmesh/mpi/export.hpp"
#include "rankmesh/mpi/watchdog.hpp"

namespace RANKMESH_MPI_API rankmesh {
namespace mpi {

/// Options of a bring-up.
using Options = BringUpOptions;

}  // namespace mpi
}  // namespace rankmesh
