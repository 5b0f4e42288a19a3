#pragma once

#include <cstdint>

#include "members.hpp"

namespace rankmesh::simulate {

/// A blocking call of MPI or NCCL, modelled as the messages it takes: see docs/simulation.md.
enum class Call {
  /// MPI_Comm_dup of the world.
  duplicate,
  /// MPI_Comm_split of the world.
  split,
  /// MPI_Comm_create_group, which only the members call.
  create_group,
  /// MPI_Comm_split by host, of the world.
  split_by_node,
  /// ncclCommInitRankConfig, or ncclCommInitRankScalable with more than one root.
  initialise,
};

/// The networks that calls use.
struct Costs {
  /// MPI, which the protocols use too.
  LogGP mpi{};
  /// Sockets: NCCL's bootstrap, and the store of the reference.
  LogGP tcp{};

  bool operator==(const Costs&) const = default;
};

/// Whether all ranks of the world make the call; if not, those of one group do.
[[nodiscard]] bool is_over_world(Call call);

/// Carries out a call.
/// @param roots the number of IDs of an initialisation
void carry_out(Call call, Members& members, const Costs& costs, int roots = 1);

}  // namespace rankmesh::simulate
