#pragma once

#include <mpi.h>

#include <optional>
#include <string>

#include "rankmesh/comm/communicator_set.hpp"

namespace rankmesh::bringup {

/// Proves that a communicator is the group it should be, by communicating in it:
///
/// - membership: a sum and an exclusive-or over hashes of the members' ranks, which no other set of that size
///   matches but by a chance of about 2^-64;
/// - order: a gather of the members' ranks, compared position by position.
///
/// @param groups the family the communicator is made from
/// @param mine what this rank has of the kind
/// @param rank this rank in the world
/// @return what is wrong, naming kind, group and ranks; empty if nothing is, or there is nothing to prove
/// @collective over the members of the communicator
[[nodiscard]] std::string prove_membership(const GroupFamily& groups, const GroupCommunicator<MPI_Comm>& mine,
                                           int rank);
[[nodiscard]] std::string prove_order(const GroupFamily& groups, const GroupCommunicator<MPI_Comm>& mine,
                                      int rank);

}  // namespace rankmesh::bringup
