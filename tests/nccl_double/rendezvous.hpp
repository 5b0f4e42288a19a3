#pragma once

#include <nccl.h>

#include <cstdint>
#include <span>
#include <vector>

#include "wire.hpp"

namespace rankmesh::tests::nccl_double {

/// The connections of one communicator: a star with rank 0 in the middle, who holds one to everybody (its own
/// entry is empty); the others hold one, to rank 0.
struct Star {
  int rank = 0;
  int size = 1;
  std::vector<Descriptor> peers;

  [[nodiscard]] bool is_hub() const noexcept { return rank == 0; }
};

/// Makes an ID and starts the thread that listens at it until its group is complete.
[[nodiscard]] ncclResult_t make_unique_id(ncclUniqueId& id);

/// What one rank brings to the rendezvous.
struct Arrival {
  std::span<const ncclUniqueId> ids;
  int rank;
  int size;
};

/// Waits at the ID of this rank until all ranks have come, and connects them. As in NCCL, ranks are dealt to
/// several IDs in consecutive blocks.
///
/// When the ranks disagree on the size, or two come as the same rank, the thread behind the ID gives up and
/// every rank waits until it is cancelled: NCCL does the same, since its ranks then listen for a neighbour
/// that never connects.
[[nodiscard]] ncclResult_t meet(const Arrival& arrival, Star& star, const Cancellation& cancellation);

}  // namespace rankmesh::tests::nccl_double
