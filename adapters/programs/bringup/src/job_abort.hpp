#pragma once

#include <chrono>
#include <exception>
#include <string>

#include "exit_code.hpp"
#include "rankmesh/bringup/world.hpp"
#include "rankmesh/comm/errors.hpp"
#include "rankmesh/comm/rank_set.hpp"
#include "rankmesh/mpi/watchdog.hpp"

namespace rankmesh::bringup {

/// Prints a message of the program to stderr.
void print_error(const std::string& message);

/// Prints how many unique IDs of NCCL this rank created without using them, if any.
void report_unused_identifiers(const World& world, const InterruptedError& error);

/// Ends all processes with MPI_Abort, for errors after which no collective may be called, not even
/// MPI_Finalize. Every surviving rank calls this function. The ranks print one after another, with pauses, so
/// that usually only the first prints before the job ends.
/// @param first the ranks that print before the others: those that are likely to call this function
/// @param message the same on every rank; nothing is printed if it is empty
/// @param code the exit code of the job
[[noreturn]] void abort_job(const World& world, const RankSet& first, const std::string& message,
                            ExitCode code = exit_failure);

/// Ends all processes after a missed deadline.
[[noreturn]] void abort_job(const World& world, const DeadlineError& error);
/// Ends all processes, from another thread, while a call does not return.
[[noreturn]] void abort_job(const World& world, const mpi::StuckCall& stuck);
/// Ends all processes after an error on this rank alone.
[[noreturn]] void abort_job(const World& world, const std::exception& error);

/// Calls MPI_Finalize. Ends this process if the call does not return in time, which another rank can cause
/// that died or stopped after all had arrived. MPI cannot be asked any more which rank that is.
/// @param deadline how long to wait
void finalize(const World& world, std::chrono::nanoseconds deadline);

}  // namespace rankmesh::bringup
