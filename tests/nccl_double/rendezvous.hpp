#pragma once

#include <nccl.h>

#include <cstdint>
#include <optional>
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

/// A random number that names a socket.
[[nodiscard]] std::uint64_t random_token();

/// A name for a meeting of ranks that know the same token: equal numbers give equal names.
[[nodiscard]] std::uint64_t derived_token(std::uint64_t token, std::span<const int> numbers);

/// The token that a unique ID carries; nothing if the ID is not one of the double.
[[nodiscard]] std::optional<std::uint64_t> token_of(const ncclUniqueId& id);
[[nodiscard]] ncclUniqueId unique_id_of(std::uint64_t token);

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

/// One rank of a communicator.
struct Place {
  int rank;
  int size;
};

/// Waits until all ranks have arrived at a name that they know, and connects them. Rank 0 listens itself, so
/// nobody need listen before. Of several arrivals of one rank, the last one counts. A rank of another size
/// waits until it is cancelled.
/// @return ncclRemoteError if rank 0 has gone after this rank arrived
[[nodiscard]] ncclResult_t meet_at(std::uint64_t token, Place place, Star& star,
                                   const Cancellation& cancellation);

}  // namespace rankmesh::nccl_double
