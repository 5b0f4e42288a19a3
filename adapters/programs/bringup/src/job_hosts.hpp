#pragma once

#include <mpi.h>

#include <optional>
#include <string>

#include "command_line.hpp"
#include "rankmesh/bringup/report.hpp"
#include "rankmesh/mpi/options.hpp"
#include "rankmesh/mpi/place.hpp"

namespace rankmesh::bringup {

/// The host of this process: the one that is played, or that which is found, with its NVLink fabric.
[[nodiscard]] HostIdentity host_of_process(const Settings& settings);

/// Gives the processes other numbers with --place. Nothing without it.
/// @collective over MPI_COMM_WORLD
/// @throws the exceptions of `mpi::place`
[[nodiscard]] std::optional<mpi::Placed> place_if_asked(const Settings& settings, mpi::Options options);

/// The hosts of the processes of a communicator, or why they cannot be told.
struct JobHosts {
  std::optional<FoundHosts> found{};
  std::string problem{};
};

/// Finds the hosts.
/// @collective over the communicator
/// @throws the exceptions of `mpi::find_hosts` but `HostError`
[[nodiscard]] JobHosts find_job_hosts(MPI_Comm communicator, mpi::Options options);

/// Adds the hosts and spans to a report, and warns of the kinds that `crossings` finds. Takes the time of
/// `best_placement` if there is one.
/// @param placed what --place did, if anything
void report_hosts(const Topology& topology, const JobHosts& hosts, const std::optional<mpi::Placed>& placed,
                  Report& report);

}  // namespace rankmesh::bringup
