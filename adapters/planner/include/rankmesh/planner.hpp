#pragma once

/// @file
/// All of `rankmesh::planner`.

#include "rankmesh/planner/calibrate.hpp"
#include "rankmesh/planner/estimate.hpp"
#include "rankmesh/planner/flops.hpp"
#include "rankmesh/planner/job.hpp"
#include "rankmesh/planner/machine.hpp"
#include "rankmesh/planner/model.hpp"
#include "rankmesh/planner/order.hpp"
#include "rankmesh/planner/parameters.hpp"
#include "rankmesh/planner/search.hpp"
#include "rankmesh/planner/state_classes.hpp"
#include "rankmesh/planner/what_if.hpp"
