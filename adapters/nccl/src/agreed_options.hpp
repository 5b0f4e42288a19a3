#pragma once

#include <string>
#include <vector>

#include "rankmesh/comm/bring_up_options.hpp"
#include "rankmesh/nccl/options.hpp"
#include "rankmesh/topology/topology.hpp"

namespace rankmesh::nccl {

/// The options with the full names of kinds.
[[nodiscard]] Options with_full_names(Options options, const ParallelConfig& config);

/// The options of the bring-up, with those of the kinds as text, so that ranks agree on them. Those of
/// communicators are options of the plan: kinds with different options share no communicator.
[[nodiscard]] BringUpOptions with_kind_options(const Options& options, const ParallelConfig& config);

/// What is wrong with the options: the same on every rank, where all agree on them.
/// @param has_mpi whether the job has communicators of MPI
[[nodiscard]] std::vector<std::string> problems_of(const Options& options, const Topology& topology,
                                                   int library_version, bool has_mpi);

}  // namespace rankmesh::nccl
