#pragma once

#include <cstdint>

#include "loggp.hpp"
#include "rankmesh/topology/topology.hpp"

namespace rankmesh::simulate {

/// The result of simulating the reference.
struct StoreResult {
  /// Virtual time in seconds, since 64 bits cannot hold the picoseconds of a large job.
  double seconds = 0;
  /// The messages that the store at rank 0 sent and received, which are all messages.
  Counts at_store{};
  /// The number of groups of all kinds, and how many were simulated.
  std::int64_t groups = 0;
  std::int64_t simulated_groups = 0;
  std::int64_t events = 0;
};

/// Simulates the reference: every rank creates every group of every kind, one after another, through a store
/// at rank 0. The first member of a group sets an identifier; the other members wait for it and get it. Then
/// all ranks of the world meet at a barrier of the store: each adds one to a counter, reads the counter, and
/// waits for a key, which a rank sets when it finds the counter full.
///
/// The groups of one kind cost nearly the same. Of each kind as many groups are simulated as `max_messages`
/// allow, at least one; the others count as their mean.
[[nodiscard]] StoreResult run_store(const Topology& topology, const LogGP& cost, std::int64_t max_messages);

}  // namespace rankmesh::simulate
