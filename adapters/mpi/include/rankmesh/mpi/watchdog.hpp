#pragma once

#include "rankmesh/comm/watchdog.hpp"
#include "rankmesh/mpi/export.hpp"

namespace RANKMESH_MPI_API rankmesh {
namespace mpi {

using rankmesh::StuckCall;
using rankmesh::Watchdog;

}  // namespace mpi
}  // namespace rankmesh
