#pragma once

/// @file
/// The umbrella header of `rankmesh::mpi`: the groups of a job as MPI communicators.

#include "rankmesh/mpi/bring_up.hpp"
#include "rankmesh/mpi/communicator.hpp"
#include "rankmesh/mpi/communicators.hpp"
#include "rankmesh/mpi/control_plane.hpp"
#include "rankmesh/mpi/error.hpp"
#include "rankmesh/mpi/error_handler_guard.hpp"
#include "rankmesh/mpi/job.hpp"
#include "rankmesh/mpi/options.hpp"
#include "rankmesh/mpi/parts.hpp"
#include "rankmesh/mpi/place.hpp"
#include "rankmesh/mpi/transport.hpp"
#include "rankmesh/mpi/watchdog.hpp"
