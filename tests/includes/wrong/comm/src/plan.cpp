#include "rankmesh/comm/plan.hpp"

#include "rankmesh/mpi/communicators.hpp"
#include "rankmesh/topology/topology.hpp"
