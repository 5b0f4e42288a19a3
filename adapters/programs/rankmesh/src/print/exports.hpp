#pragma once

#include <vector>

#include "placement.hpp"
#include "rankmesh/output/topology_text.hpp"
#include "rankmesh/output/writer.hpp"

namespace rankmesh::cli {

/// Prints a JSON object with `world_size`, `config` and `ranks`, which has for each rank and kind the group,
/// the position and the members, or null for a rank in no group. Constant memory.
void print_per_rank_json(const Topology& topology, const std::vector<GroupKind>& kinds, Names names,
                         Writer& out);

/// Prints the communicator groups of ASTRA-sim (`--comm-group-configuration`): a JSON object with the ranks
/// of each group by number, `{"1": [0, 1], "2": [2, 3]}`, as `Workload::initialize_comm_groups` reads it
/// (astra-sim/workload/Workload.cc). The numbers run through all kinds in order and begin at 1, since
/// `CommunicatorGroup::set_id` reserves 0 for all ranks (astra-sim/system/CommunicatorGroup.cc). Constant
/// memory.
void print_astra_sim(const Topology& topology, const std::vector<GroupKind>& kinds, Writer& out);

/// Prints a hostfile of Open MPI: each host that has processes, with their number as its slots. It does not
/// say which rank runs where, since Open MPI chooses the order of hosts and ranks; a comment recommends the
/// rankfile.
void print_hostfile(const HostPlacement& placement, Writer& out);

/// Prints a rankfile of Open MPI 4: `rank 5=node1 slot=1`. A slot is a core, or a range of cores if each rank
/// has several: `slot=4-7`.
void print_rankfile(const HostPlacement& placement, int cores_per_rank, Writer& out);

}  // namespace rankmesh::cli
