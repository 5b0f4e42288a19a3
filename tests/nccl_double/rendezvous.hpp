#pragma once

#include <nccl.h>

#include <cstdint>
#include <span>
#include <vector>

#include "wire.hpp"

namespace rankmesh::nccl_double {

/// The connections of one communicator, a star: rank 0 has a connection to every other rank (its own entry is
/// empty); the other ranks have one connection, to rank 0.
struct Star {
  int rank = 0;
  int size = 1;
  std::vector<Descriptor> peers;

  [[nodiscard]] bool is_hub() const noexcept { return rank == 0; }
};

/// Creates a unique ID and starts the thread that listens for its ranks until the group is complete.
[[nodiscard]] ncclResult_t make_unique_id(ncclUniqueId& id);

/// The arguments of one rank in the rendezvous.
struct Arrival {
  std::span<const ncclUniqueId> ids;
  int rank;
  int size;
};

/// Waits until all ranks have arrived at their unique IDs, and connects them. As in NCCL, several unique IDs
/// divide the ranks into consecutive blocks.
///
/// If the ranks disagree on the size, or two have the same rank number, the thread of the ID gives up, and
/// every rank waits until it is cancelled. In NCCL, the ranks then wait for a neighbour that never connects.
[[nodiscard]] ncclResult_t meet(const Arrival& arrival, Star& star, const Cancellation& cancellation);

}  // namespace rankmesh::nccl_double
