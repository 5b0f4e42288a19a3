#pragma once

#include <cstdint>

#include "loggp.hpp"
#include "rankmesh/topology/topology.hpp"

namespace rankmesh::simulate {

/// What the reference way takes.
struct StoreResult {
  /// Of virtual time: those of large jobs are more picoseconds than 64 bits hold.
  double seconds = 0;
  /// What the store at rank 0 sent and received: every message there is.
  Counts at_store{};
  /// The groups of all kinds, and how many of them were simulated.
  std::int64_t groups = 0;
  std::int64_t simulated_groups = 0;
  std::int64_t events = 0;
};

/// The reference way: every rank creates every group of every kind, one after another, and asks a store at
/// rank 0 for each. The first member of a group sets an identifier, the others wait for it and get it; then
/// all ranks of the world, members or not, meet at a barrier: each adds one to a counter, asks for the
/// counter, and waits for a key, which those set who find the counter full.
///
/// The groups of one kind cost the same, but for where their members are: of each kind as many are simulated
/// as `max_messages` allow, one at least, and the others counted as their mean.
[[nodiscard]] StoreResult run_store(const Topology& topology, const LogGP& cost, std::int64_t max_messages);

}  // namespace rankmesh::simulate
