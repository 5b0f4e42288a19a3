#pragma once

#include <cstdint>

#include "rendezvous.hpp"

namespace rankmesh::nccl_double {

inline constexpr std::uint64_t protocol_magic = 0x72616e6b6d657368;

/// The first bytes of an ncclUniqueId.
struct IdContent {
  std::uint64_t magic;
  std::uint64_t token;
};

enum class HelloKind : std::int32_t {
  rank,   ///< a rank of the communicator
  block,  ///< the thread of another ID, which sends the connections of its block of ranks
};

/// The first message on a connection to the thread of an ID.
struct Hello {
  std::uint64_t magic;
  HelloKind kind;
  std::int32_t rank;
  std::int32_t size;
  std::int32_t ids;
  std::int32_t id_index;
  std::uint64_t first_token;
};

/// The first message to rank 0 in `meet_at`.
struct Greeting {
  std::uint64_t magic;
  std::int32_t rank;
  std::int32_t size;
};

/// The result of the rendezvous, sent to each rank.
enum class Verdict : std::int32_t { given_up, complete };

/// Sent with the connection of a rank; sent without a connection if the rank has gone.
struct Passed {
  std::int32_t rank;
};

/// How the unique IDs of a communicator divide its ranks.
struct Dealing {
  int size;
  int ids;
};

/// The blocks are consecutive; the first `size % ids` blocks are one rank larger.
[[nodiscard]] constexpr int id_of_rank(Dealing dealing, int rank) {
  const int small = dealing.size / dealing.ids;
  const int large_blocks = dealing.size % dealing.ids;
  const int in_large = large_blocks * (small + 1);
  return rank < in_large ? rank / (small + 1) : (rank - in_large) / small + large_blocks;
}

[[nodiscard]] constexpr int ranks_of_id(Dealing dealing, int id) {
  return dealing.size / dealing.ids + (id < dealing.size % dealing.ids ? 1 : 0);
}

}  // namespace rankmesh::nccl_double
