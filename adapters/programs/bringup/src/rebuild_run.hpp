#pragma once

#include "command_line.hpp"
#include "rankmesh/bringup/world.hpp"

namespace rankmesh::bringup {

/// Brings up the layout, lets processes die, rebuilds after each death, and proves the communicators each
/// time: see --kill-rank. Rank 0 of the last layout prints a table. Does not return once a process has died,
/// since MPI_Finalize would wait for it.
/// @param world all processes
/// @collective over MPI_COMM_WORLD
/// @throws what `mpi::Job` throws before a process has died
[[noreturn]] void run_with_deaths(const World& world, const Settings& settings);

}  // namespace rankmesh::bringup
