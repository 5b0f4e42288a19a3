#pragma once

#include <cstdint>

#include "members.hpp"

namespace rankmesh::simulate {

/// A call that blocks and belongs to MPI or NCCL: not run, but modelled as the messages it takes. What each
/// is made of stands in docs/simulation.md.
enum class Call {
  /// MPI_Comm_dup of the world.
  duplicate,
  /// MPI_Comm_split of the world.
  split,
  /// MPI_Comm_create_group, which its members alone call.
  create_group,
  /// MPI_Comm_split_type by node, of the world.
  split_by_node,
  /// ncclCommInitRank, or ncclCommInitRankScalable with more than one root.
  initialise,
};

/// The networks that calls use.
struct Costs {
  /// Of MPI, and so of the protocols.
  LogGP mpi{};
  /// Of sockets: NCCL's bootstrap, and the store of the reference way.
  LogGP tcp{};

  bool operator==(const Costs&) const = default;
};

/// Whether all ranks of the world make the call, or those of one group.
[[nodiscard]] bool is_over_world(Call call);

/// Carries out a call.
/// @param roots of an initialisation: the IDs it is made with
void carry_out(Call call, Members& members, const Costs& costs, int roots = 1);

}  // namespace rankmesh::simulate
