#pragma once

#include <exception>
#include <string>

#include "rankmesh/comm/errors.hpp"
#include "rankmesh/comm/rank_set.hpp"
#include "rankmesh/mpi/watchdog.hpp"
#include "world.hpp"

namespace rankmesh::bringup {

/// Prints a message of the program to stderr.
void complain(const std::string& message);

/// Says how many unique IDs this rank leaves behind, if any.
void note_abandoned_identifiers(const World& world, const InterruptedError& error);

/// Ends all processes with MPI_Abort: no collective call may follow, MPI_Finalize included, since some rank
/// would wait for ever. Every rank that is there calls this; they take turns, so that one prints.
/// @param present the ranks that are likely to come here: their turns are first
/// @param message the same on every rank; nothing is printed where it is empty
[[noreturn]] void end_job(const World& world, const RankSet& present, const std::string& message);

/// Ends all processes after a missed deadline.
[[noreturn]] void end_job(const World& world, const DeadlineError& error);
/// Ends all processes while a call does not come back, from another thread.
[[noreturn]] void end_job(const World& world, const mpi::StuckCall& stuck);
/// Ends all processes after what happened on this rank alone.
[[noreturn]] void end_job(const World& world, const std::exception& error);

}  // namespace rankmesh::bringup
