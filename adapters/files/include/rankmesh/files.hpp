#pragma once

/// @file
/// The umbrella header of `rankmesh::files`: options of rankmesh, read from files.

#include "rankmesh/files/error.hpp"
#include "rankmesh/files/nccl_options.hpp"
