#pragma once

#include <vector>

#include "private.hpp"
#include "rankmesh/topology/topology.hpp"
