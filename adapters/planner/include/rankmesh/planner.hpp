#pragma once

/// @file
/// All of `rankmesh::planner`.

#include "rankmesh/planner/flops.hpp"
#include "rankmesh/planner/model.hpp"
#include "rankmesh/planner/parameters.hpp"
