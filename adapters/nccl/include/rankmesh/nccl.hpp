#pragma once

/// @file
/// The umbrella header of `rankmesh::nccl`: the groups of a job as NCCL communicators.

#include "rankmesh/nccl/communicator.hpp"
#include "rankmesh/nccl/communicators.hpp"
#include "rankmesh/nccl/error.hpp"
#include "rankmesh/nccl/fabric.hpp"
#include "rankmesh/nccl/host_side.hpp"
#include "rankmesh/nccl/job.hpp"
#include "rankmesh/nccl/kind_options.hpp"
#include "rankmesh/nccl/options.hpp"
#include "rankmesh/nccl/stream.hpp"
