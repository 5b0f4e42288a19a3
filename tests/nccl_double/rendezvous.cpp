#include "rendezvous.hpp"

#include <cstring>

#include "rendezvous_root.hpp"

namespace rankmesh::nccl_double {

namespace {

/// Rank 0 receives the connections to all other ranks from the thread of its unique ID.
ncclResult_t take_connections(int root, Star& star, int cancel) {
  bool all_here = true;
  for (int rank = 1; rank < star.size; ++rank) {
    Passed passed{};
    Descriptor connection;
    const ncclResult_t result =
        receive_with_descriptor(root, std::as_writable_bytes(std::span(&passed, 1)), connection, cancel);
    if (result != ncclSuccess) return result;
    all_here = all_here && connection;
    star.peers.at(static_cast<std::size_t>(passed.rank)) = std::move(connection);
  }
  return all_here ? ncclSuccess : ncclRemoteError;
}

}  // namespace

ncclResult_t meet(const Arrival& arrival, Star& star, const Cancellation& cancellation) {
  const int cancel = cancellation.fd();
  const int id_count = static_cast<int>(arrival.ids.size());
  std::vector<std::uint64_t> tokens;
  for (const ncclUniqueId& id : arrival.ids) {
    IdContent content{};
    std::memcpy(&content, id.internal, sizeof(content));
    if (content.magic != protocol_magic) return ncclInvalidArgument;
    tokens.push_back(content.token);
  }
  star.rank = arrival.rank;
  star.size = arrival.size;
  const int index = id_of_rank({.size = arrival.size, .ids = id_count}, arrival.rank);
  Descriptor connection = connect_to(tokens[static_cast<std::size_t>(index)]);
  if (!connection) return ncclRemoteError;
  const Hello hello{.magic = protocol_magic,
                    .kind = HelloKind::rank,
                    .rank = arrival.rank,
                    .size = arrival.size,
                    .ids = id_count,
                    .id_index = index,
                    .first_token = tokens.front()};
  Verdict verdict{};
  ncclResult_t result = send_value(connection.get(), hello, cancel);
  if (result == ncclSuccess) result = receive_value(connection.get(), verdict, cancel);
  if (result == ncclRemoteError || (result == ncclSuccess && verdict == Verdict::given_up)) {
    connection.reset();
    return cancellation.wait(-1) ? ncclInternalError : ncclSystemError;
  }
  if (result != ncclSuccess) return result;
  star.peers.resize(star.is_hub() ? static_cast<std::size_t>(star.size) : 1);
  if (star.is_hub()) return take_connections(connection.get(), star, cancel);
  star.peers[0] = std::move(connection);
  return ncclSuccess;
}

}  // namespace rankmesh::nccl_double
