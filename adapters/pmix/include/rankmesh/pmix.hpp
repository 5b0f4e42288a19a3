#pragma once

/// @file
/// The umbrella header of `rankmesh::pmix`: jobs that a launcher with PMIx started, without MPI.

#include "rankmesh/pmix/error.hpp"
#include "rankmesh/pmix/job.hpp"
#include "rankmesh/pmix/transport.hpp"
