#pragma once

#include <vector>

#include "commands.hpp"
#include "placement.hpp"

namespace rankmesh::cli {

/// One object: `world_size`, `config`, and for each rank under `ranks` its group, its position and the
/// members of each kind, null where it is in none. Constant memory.
void print_per_rank_json(const Topology& topology, const std::vector<GroupKind>& kinds, Names names,
                         Writer& out);

/// The communicator groups of ASTRA-sim (`--comm-group-configuration`): one object with the ranks of each
/// group under its number as text, `{"1": [0, 1], "2": [2, 3]}`, as `Workload::initialize_comm_groups` reads
/// it (astra-sim/workload/Workload.cc). Numbers begin at 1, since `CommunicatorGroup::set_id` keeps 0 for all
/// ranks (astra-sim/system/CommunicatorGroup.cc); they run through the kinds in order. Constant memory.
void print_astra_sim(const Topology& topology, const std::vector<GroupKind>& kinds, Writer& out);

/// A hostfile of Open MPI: each host that has processes, with as many slots as those. A comment says whether
/// it needs the rankfile too.
void print_hostfile(const Placement& placement, Writer& out);

/// A rankfile of Open MPI 4: `rank 5=node1 slot=1`. A slot is a core, or with several cores for each rank
/// those from the first to the last: `slot=4-7`.
void print_rankfile(const Placement& placement, int cores_per_rank, Writer& out);

}  // namespace rankmesh::cli
